// Whom the workers of an NGINX lead, found by asking the control location as members and as strangers: what they say is compared with
// the sets of members that they may have read. Read only; each question goes over a connection of its own.
import type { Io } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import { excerpt, exchange, statusKind } from '../../http.ts'
import { type Edge, QUESTIONS_MIN, calmFor } from './control.ts'
import { type Accepting, acceptingBeside } from './processes.ts'

const ANSWER_MS_MAX = 2_000 // as in control.ts
const ANSWER_BYTES_MAX = 4_096
const QUESTIONS_MAX = 400
const STRANGER = 'cutover-stranger'

export interface Led {
  workers: string[]
  /** null: none of the sets fits what they say. */
  users: string[] | null
}

interface Question {
  /** The variable that says who asks. */
  source: string
  /** What members get. */
  to: string
  /** What others get, by entries of somebody else's. */
  others: string[]
  /** What the split hashes. */
  key: string
  /** Sets that workers may have read; the first is what the file says. */
  sets: string[][]
  isThorough: boolean
}

/** Workers that lead alike; those that most answers came from come first. */
export async function ledBy(edge: Edge, asked: Question, io: Io): Promise<Led[]> {
  const { sets } = asked
  const probes = probesFor(sets)
  let user = probes[0] as string
  /** null: it cannot be seen in what a worker says. */
  const said = new Map<string, Map<string, boolean | null>>()
  const counts = new Map<string, number>()
  let calm = 0
  let there: Accepting[] | null = []
  const isHeard = ({ pid }: Accepting) => probes.every((each) => said.get(pid)?.has(each) === true)
  for (let at = 0; at < QUESTIONS_MAX && calm < calmFor(said.size, asked.isThorough); at++) {
    const { worker, isLed } = await askAs(edge, { ...asked, user }, io)
    const own = said.get(worker) ?? new Map<string, boolean | null>()
    const isNews = isLed !== null && own.get(user) !== isLed
    own.set(user, isLed)
    said.set(worker, own)
    counts.set(worker, (counts.get(worker) ?? 0) + 1)
    calm = isNews ? 0 : calm + 1
    // All that take connections were heard: nobody else would show. Who these are is looked up again, for a reload may have begun.
    const isEnough = at + 1 >= QUESTIONS_MIN && there !== null && there.every(isHeard)
    if (isEnough) there = await acceptingBeside([...said.keys()])
    if (isEnough && there !== null && there.length > 0 && there.every(isHeard)) break
    user = probes.find((each) => !own.has(each)) ?? (probes[(at + 1) % probes.length] as string)
  }
  const groups = new Map<number, { workers: string[]; answers: number }>()
  for (const [worker, own] of said) {
    const seen = [...own].filter(([, isLed]) => isLed !== null)
    const fits = sets.findIndex((set) => seen.every(([each, isLed]) => set.includes(each) === isLed))
    const group = groups.get(fits) ?? { workers: [], answers: 0 }
    group.workers.push(worker)
    group.answers += counts.get(worker) ?? 0
    groups.set(fits, group)
  }
  return [...groups]
    .toSorted(([, one], [, other]) => other.answers - one.answers)
    .map(([fits, { workers }]) => ({ workers, users: sets[fits] ?? null }))
}

/** One who tells each other set from the first, some of the first, and nobody's name. */
function probesFor([first = [], ...others]: string[][]): string[] {
  const telling = others.map(
    (set) => first.find((user) => !set.includes(user)) ?? set.find((user) => !first.includes(user)),
  )
  const some = [first[0], first[Math.floor(first.length / 2)], first.at(-1)]
  const all = [...telling, ...some, STRANGER].filter((user) => user !== undefined)
  return [...new Set(all)]
}

/** `isLed` is null where it cannot be seen: the split sends to the same upstream. Whom somebody else leads elsewhere is not led. */
async function askAs(
  { config, fetch }: Edge,
  { source, to, others, key, user }: Question & { user: string },
  io: Io,
): Promise<{ worker: string; isLed: boolean | null }> {
  const what = `asking ${config.control} as a user`
  const [, header, cookie] = /^\$(?:http_(\w+)|cookie_(\w+))$/.exec(source) ?? []
  const sign: Record<string, string> =
    header !== undefined
      ? { [header.replaceAll('_', '-')]: user }
      : cookie === undefined
        ? {}
        : { cookie: `${cookie}=${user}` }
  const query = header === undefined && cookie === undefined ? `&user=${encodeURIComponent(user)}` : ''
  const { status, body } = await exchange(fetch, {
    what,
    url: `${config.control}?key=${key}${query}`,
    init: { method: 'GET', headers: { connection: 'close', ...sign } },
    signal: io.signal,
    timeoutMs: ANSWER_MS_MAX,
    bytesMax: ANSWER_BYTES_MAX,
  })
  if (status !== 200) throw failure(statusKind(status), `${what}: status ${status}: ${excerpt(body)}`)
  const wordOf = (word: string): string | undefined => new RegExp(`(?:^|\\s)${word}=(\\S*)`).exec(body)?.[1]
  const [worker, led, pool] = [wordOf('pid'), wordOf('to'), wordOf('pool')]
  if (worker === undefined || led === undefined || pool === undefined)
    throw failure(
      'Config',
      `${what}: it said "${excerpt(body)}", without pid=, pool= and to=; the location needs: return 200 "pid=$pid pool=${config.variable} to=${config.cohort?.variable ?? ''}"`,
    )
  const isOthers = others.some((other) => other === led || other.includes('$'))
  if (led !== to && led !== pool && !isOthers)
    throw failure(
      'Config',
      `${what}: it sends to "${excerpt(led)}", which is neither ${to} nor the pool ${pool}`,
    )
  return { worker, isLed: led === to && pool === to ? null : led === to }
}
