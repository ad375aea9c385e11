// The control location of an NGINX: which names a worker gives to a key of our choice. Read only; each question goes over a connection of
// its own, since a connection belongs to one worker. Over when every process that takes connections was heard, or would have been.
import { failure } from '../../failure.ts'
import { excerpt, exchange, statusKind } from '../../http.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { type Hearing, type Memory, hearingOf, isHeardOut, remember, rememberedIn } from './hearing.ts'
import { keyIn } from './keys.ts'
import type { NginxConfig } from './schema.ts'
import type { Share } from './splits.ts'
import { type Answer, type Group, NotByKey, groupsOf, missingOf, nextIndex } from './workers.ts'

const ANSWER_MS_MAX = 2_000 // a location that returns a text answers within a millisecond
const ANSWER_BYTES_MAX = 4_096 // three names
// A worker leaves the front of the queue after 16 connections (ngx_reorder_accept_events, since 1.21.4): asked one by one, one
// that nobody has heard of shows within 16 for each that is known. Seen 2026-11-27 on 1.22.1: absent for 36 of three workers at
// most; asked four at a time, for 162.
const ACCEPTED_IN_A_ROW = 16
const SLACK = 4 // seen besides
const CALM_MAX = 160 // nine workers; of more, each question more would cost the call its time
const CALM_BRIEF = 8 // while a reload is waited for: the look after it is thorough
export const QUESTIONS_MIN = 8 // where all have been heard: another NGINX behind the same address would hardly stay silent
const KEYS_KEPT_MAX = 200 // of all the borders of a run; a binary search adds a dozen
const QUESTIONS_MAX = 400 // one share is found within 24, two generations of workers within 50; the rest is calm

export interface Edge {
  config: NginxConfig
  fetch: typeof globalThis.fetch
  /** What workers have said that still live. */
  memory: Memory
  /** By template and place: the same few borders are asked for again and again, and a key takes thousands of tries. */
  keys: Map<string, string>
}

export interface Question {
  /** `pool` or `shadow`: the word of the answer that names the upstream. */
  word: 'pool' | 'shadow'
  /** What the file hashes. */
  template: string
  names: [string, string]
  /** What is most likely served: asked for first. */
  guess: Share
  /** Asks until a worker that serves something else would have shown. */
  isThorough: boolean
}

export interface Served {
  /** Workers that serve alike; those that most answers came from come first. */
  groups: Group[]
  /** Processes that take connections and were not heard out. */
  unheard: string[]
}

/** Raises what a look raises. */
export async function servedBy(edge: Edge, asked: Question, io: Io): Promise<Served> {
  const answers: Answer[] = []
  const askAt = async (index: number): Promise<void> => {
    const key = keyFor(edge, asked.template, index)
    answers.push({ ...(await ask(edge, asked, { key, io })), index })
  }
  const { guess } = asked
  await askAt(nextIndex([], { guess, asked: 0 }))
  let hearing = await hearingOf(edge.memory, asked, answers)
  let groups = grouped(edge, [...answers, ...rememberedIn(hearing, answers)], asked)
  // All have been heard by earlier looks: whoever answers now, the order of the questions does not matter.
  if (hearing?.isWhole === true) {
    const more = Array.from({ length: QUESTIONS_MIN - 1 }, (_, at) =>
      nextIndex(groups, { guess, asked: at + 1 }),
    )
    await Promise.all(more.map(askAt))
  }
  for (let calm = 0; answers.length < QUESTIONS_MAX;) {
    const before = known(groups)
    groups = grouped(edge, [...answers, ...rememberedIn(hearing, answers)], asked)
    calm = groups.every(({ share }) => share !== null) && known(groups) === before ? calm + 1 : 0
    const isAllHeard =
      hearing !== null && answers.length >= QUESTIONS_MIN && isHeardOut(hearing, asked, answers)
    if (isAllHeard || calm >= calmNeeded(groups, asked)) {
      hearing = hearing && (await hearingOf(edge.memory, asked, answers))
      if (hearing?.isWhole === true || calm >= calmNeeded(groups, asked))
        return conclusion(edge, { asked, answers, hearing })
    }
    await askAt(nextOf({ answers, groups, hearing, guess }))
  }
  throw failure(
    'Unavailable',
    `asking ${edge.config.control}: ${answers.length} answers of ${workersOf(groups)} workers fit no share yet; it may be reloading`,
  )
}

type Round = { asked: Question; answers: Answer[]; hearing: Hearing | null }

/** Of workers that still take connections, where these are known. */
function conclusion(edge: Edge, { asked, answers, hearing }: Round): Served {
  const isThere = ({ worker }: Answer) =>
    hearing?.isWhole !== true || hearing.accepting.some(({ pid }) => pid === worker)
  const all = [...answers.filter(isThere), ...rememberedIn(hearing, answers)]
  if (hearing !== null) remember(edge.memory, { asked, hearing, answers })
  const groups = grouped(edge, all, asked).toSorted((a, b) => b.answers.length - a.answers.length)
  return { groups, unheard: hearing?.unheard.map(({ pid }) => pid) ?? [] }
}

/** A worker that answers several times in a row is asked for what it has not told. */
function nextOf(of: { answers: Answer[]; groups: Group[]; hearing: Hearing | null; guess: Share }): number {
  const { answers, groups, hearing, guess } = of
  const last = answers.at(-1)?.worker
  const isUnheard = hearing?.unheard.some(({ pid }) => pid === last) === true
  const own = answers.filter(({ worker }) => worker === last)
  return (isUnheard ? missingOf(own, guess) : null) ?? nextIndex(groups, { guess, asked: answers.length })
}

function keyFor({ keys }: Edge, template: string, index: number): string {
  const place = `${index} ${template}`
  const key = keys.get(place) ?? keyIn(template, index)
  if (keys.size >= KEYS_KEPT_MAX) keys.clear()
  keys.set(place, key)
  return key
}

function calmNeeded(groups: Group[], { isThorough }: Question): number {
  return calmFor(workersOf(groups), isThorough)
}

/** So many answers without news, and a worker that nobody has heard of would have shown. */
export function calmFor(workers: number, isThorough: boolean): number {
  if (workers === 0) return Infinity
  return isThorough ? Math.min(CALM_MAX, ACCEPTED_IN_A_ROW * (workers + 1) + SLACK) : CALM_BRIEF
}

function workersOf(groups: Group[]): number {
  return groups.flatMap(({ workers }) => workers).length
}

function known(groups: Group[]): string {
  return JSON.stringify(groups.map(({ share }) => share))
}

function grouped({ config }: Edge, answers: Answer[], { names, template }: Question): Group[] {
  try {
    return groupsOf(answers, names)
  } catch (error) {
    if (!(error instanceof NotByKey)) throw error
    throw failure(
      'Config',
      `asking ${config.control}: ${error.message}; the location must set the variable in "${template}" to $arg_key, and NGINX must hash nothing else`,
    )
  }
}

async function ask(
  { config, fetch }: Edge,
  { word, names }: Question,
  { key, io }: { key: string; io: Io },
): Promise<{ worker: string; name: string }> {
  const what = `asking ${config.control}`
  const { status, body } = await exchange(fetch, {
    what,
    url: `${config.control}?key=${key}`,
    init: { method: 'GET', headers: { connection: 'close' } },
    signal: io.signal,
    timeoutMs: ANSWER_MS_MAX,
    bytesMax: ANSWER_BYTES_MAX,
  })
  if (status !== 200) throw failure(statusKind(status), `${what}: status ${status}: ${excerpt(body)}`)
  const worker = /(?:^|\s)pid=(\d+)/.exec(body)?.[1]
  const name = new RegExp(`(?:^|\\s)${word}=(\\S*)`).exec(body)?.[1]
  if (worker === undefined || name === undefined) {
    const form = 'return 200 "pid=$pid pool=$orders_pool shadow=$orders_shadow"'
    throw failure(
      'Config',
      `${what}: it said "${excerpt(body)}", without pid= and ${word}=; the location needs: ${form}`,
    )
  }
  if (names.includes(name)) return { worker, name }
  const expected = names.map((each) => (each === '' ? '""' : each)).join(' and ')
  throw failure('Config', `${what}: a worker sends to "${excerpt(name)}", which is neither of ${expected}`)
}
