// What may stand at the end of a command line that is being typed: for the completion scripts of the shells, which only ask here.
import { globalFlags, parseVerb } from './arguments.ts'
import type { Command, Flag, OpenAccess } from './command.ts'
import type { Environment } from './config.ts'
import { verbs } from './verbs.ts'

const SERVER_ANSWERS_WITHIN_MS = 1_500 // whoever types waits for it
const RUNS_MAX = 200 // more are not looked through

/** A word and what it is; `FILES` lets the shell offer files. */
export type Candidate = { word: string; about: string }
export const FILES: Candidate = { word: ':files', about: '' }

type Typed = { verb: string; command: Command; before: string[]; env: Environment }

/** `words`: behind `cutover`, the last one being typed, perhaps empty. Never fails: who cannot say offers nothing. */
export async function candidates(words: string[], env: Environment): Promise<Candidate[]> {
  const last = words.at(-1) ?? ''
  const all = await offered(words, env).catch(() => [])
  return all.filter((each) => each === FILES || each.word.startsWith(last))
}

async function offered(words: string[], env: Environment): Promise<Candidate[]> {
  const [name = '', ...rest] = words
  if (words.length <= 1) return verbs.map((verb) => ({ word: verb.name, about: verb.about }))
  const command = await verbs.find((verb) => verb.name === name)?.load()
  if (command === undefined) return []
  const before = rest.slice(0, -1)
  const typed = { verb: name, command, before, env }
  const flags = [...command.flags, ...globalFlags]
  const open = flagOf(flags, before.at(-1))
  if (open?.value !== undefined) return await valuesOf(open, { ...typed, before: before.slice(0, -1) })
  if (rest.at(-1)?.startsWith('-') === true)
    return flags.map(({ name: flag, about }) => ({ word: `--${flag}`, about }))
  return await argumentsOf(typed)
}

function flagOf(flags: Flag[], word: string | undefined): Flag | undefined {
  return flags.find(
    ({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`),
  )
}

/** By the placeholder that help shows. */
async function valuesOf({ name, value, about }: Flag, typed: Typed): Promise<Candidate[]> {
  switch (value) {
    case 'GATE':
      return (await viewOf(typed)).gates.map(({ id, title }) => ({ word: id, about: title }))
    case 'ID':
      return (await runsOf(typed, { all: true }))
        .filter(({ service }) => service === serviceIn(typed))
        .map(({ runId, startedAt }) => ({ word: runId, about: startedAt }))
    case 'PHASE':
      return (about.split(': ')[1] ?? '').split(', ').map((word) => ({ word, about: '' }))
    default:
      if (name === 'service') return await servicesOf(typed, { all: true })
      if (value?.includes('FILE') === true || value?.includes('DIR') === true) return [FILES]
      return /^[a-z|]+$/.test(value ?? '')
        ? (value ?? '').split('|').map((word) => ({ word, about: '' }))
        : []
  }
}

/** Verbs that also look at runs which have ended. */
const LOOKING_BACK = ['status', 'watch', 'report']

async function argumentsOf(typed: Typed): Promise<Candidate[]> {
  const { command, verb } = typed
  const names = command.usage
    .split(' ')
    .slice(1)
    .map((word) => word.replace(/^\[(.*)\]$/, '$1'))
  const wanted = names[positionalsIn(typed).length] ?? ''
  if (wanted === 'FILE') return [FILES]
  if (wanted === 'SERVICE') return await servicesOf(typed, { all: LOOKING_BACK.includes(verb) })
  if (wanted === 'GUARD')
    return (await viewOf(typed)).guards.flatMap(({ name, kind, limit }) =>
      kind === 'guard' ? [{ word: name, about: limit ?? '' }] : [],
    )
  return /^[a-z|]+\|[a-z|]+$/.test(wanted) ? wanted.split('|').map((word) => ({ word, about: '' })) : []
}

function positionalsIn({ verb, command, before }: Typed): string[] {
  return parseVerb(verb, command.flags, before).args
}

function serviceIn(typed: Typed): string {
  return positionalsIn(typed)[0] ?? ''
}

async function servicesOf(typed: Typed, of: { all: boolean }): Promise<Candidate[]> {
  const runs = await runsOf(typed, of)
  const services = Map.groupBy(runs, ({ service }) => service)
  return [...services].map(([word, [newest]]) => ({ word, about: newest?.outcome ?? newest?.phase ?? '' }))
}

async function runsOf(typed: Typed, { all }: { all: boolean }) {
  return await asking(typed, async (access) => {
    const { listRuns } = await import('../view/list.ts')
    return await listRuns(access, { all, max: RUNS_MAX })
  })
}

async function viewOf(typed: Typed) {
  return await asking(typed, async (access) => {
    const { readRun } = await import('../view/read.ts')
    const reading = { serverWithinMs: SERVER_ANSWERS_WITHIN_MS }
    return (await readRun(access, serviceIn(typed), reading)).view
  })
}

async function asking<T>(
  { verb, command, before, env }: Typed,
  ask: (access: OpenAccess) => Promise<T>,
): Promise<T> {
  const { instead } = parseVerb(verb, command.flags, before)
  const { connect } = await import('./temporal.ts')
  const access = await connect({ ...env, ...instead }, { withinMs: SERVER_ANSWERS_WITHIN_MS })
  try {
    return await ask(access)
  } finally {
    await access.close()
  }
}
