// A run as lines in time, for logs and pipes: each line once, nothing is redrawn. Pure: views in, lines out.
import type { GuardView, RunView } from '../../view/model.ts'
import { shownEdges } from './edges.ts'
import { harmless } from './paint.ts'
import { headline } from './run-text.ts'

type Printed = {
  /** The run's own log, as a worker last told it. */
  log: string[]
  /** The latest moment that a line was about. */
  latest: string
  heading: string
  gates: Set<string>
  guards: { [name: string]: string }
  proofs: Set<string>
  isStale: boolean
}

export type LineLog = (view: RunView) => string[]

/** Remembers what was said and says what is new. */
export function lineLog(): LineLog {
  const printed: Printed = {
    log: [],
    latest: '',
    heading: '',
    gates: new Set(),
    guards: {},
    proofs: new Set(),
    isStale: false,
  }
  return (raw) => {
    const view = harmless(raw)
    const now = new Date().toISOString()
    const source = sourceLines(printed, view, now)
    const lines = [...eventLines(printed, view)]
    const heading = headline(view)
    if (heading !== printed.heading) lines.push(`${now} ${view.service}: ${heading}${weightsText(view)}`)
    printed.heading = heading
    if (view.stale === null)
      printed.gates = printed.gates.intersection(new Set(view.gates.map(({ id }) => id))) // one that opens again is news
    for (const { id, title, waitsFor, allows } of view.gates) {
      if (printed.gates.has(id)) continue
      printed.gates.add(id)
      lines.push(`${now} gate ${id}: ${title}; ${waitsFor}; answered by ${allows.join(', ')}`)
    }
    lines.push(...proofLines(printed, view).map((text) => `${now} not to be seen yet: ${text}`))
    for (const guard of view.guards) {
      const key = guardKey(guard)
      if (guard.verdict === null || printed.guards[guard.name] === key) continue
      printed.guards[guard.name] = key
      lines.push(`${guard.at ?? now} guard ${guard.name} ${readingText(guard)}`)
    }
    return [...source, ...lines.toSorted(byTime)] // a reading is older than what was seen with it
  }
}

const TIME_LENGTH = '2026-01-01T00:00:00.000Z'.length

function byTime(one: string, other: string): number {
  const [a, b] = [one.slice(0, TIME_LENGTH), other.slice(0, TIME_LENGTH)]
  return a < b ? -1 : a > b ? 1 : 0
}

/** Whose words follow: the run's own, or the bare events of the server while no worker answers. */
function sourceLines(printed: Printed, { stale }: RunView, now: string): string[] {
  const wasStale = printed.isStale
  printed.isStale = stale !== null
  if (stale !== null && !wasStale) return [`${now} ${stale.why}: what follows is from the server alone`]
  return stale === null && wasStale ? [`${now} a worker answers again`] : []
}

/** The run's log goes on where it was left off, also after a time in which the server's events stood in for it. */
function eventLines(printed: Printed, { log, stale }: RunView): string[] {
  const { latest } = printed
  for (const { at } of log) if (at > printed.latest) printed.latest = at
  if (stale !== null) return log.filter(({ at }) => at > latest).map(lineOf)
  const before = printed.log
  printed.log = log.map(lineOf)
  return newLines(before, printed.log)
}

const lineOf = ({ at, text }: RunView['log'][number]): string => `${at} ${text}`

/** The log is bounded at its beginning: what is new stands behind the last line that was there before. */
function newLines(before: string[], now: string[]): string[] {
  const last = before.at(-1)
  return last === undefined ? now : now.slice(now.lastIndexOf(last) + 1)
}

/** An effect that does not show yet is worth a line when it is another one, or lacks something else: not when a count has grown. */
function proofLines(printed: Printed, { proofs }: RunView): string[] {
  const before = printed.proofs
  printed.proofs = new Set(proofs.map(wordsOf))
  return proofs.filter((proof) => !before.has(wordsOf(proof))).map(({ text }) => text)
}

const wordsOf = ({ text }: RunView['proofs'][number]): string => text.replaceAll(/\d[\d.,]*/g, '0')

/** A guard is worth a line when its verdict changes or a breach comes nearer, not at every look. */
function guardKey({ verdict, badInRow }: GuardView): string {
  return `${verdict} ${badInRow}`
}

/** An unknown reading says so itself. */
function readingText({ verdict, text }: GuardView): string {
  return text?.startsWith(`${verdict}: `) ? text : `${verdict}: ${text}`
}

function weightsText(view: RunView): string {
  const known = shownEdges(view).flatMap(({ name, weights }) =>
    weights === null ? [] : [`${name} old ${weights.old}%, new ${weights.new}%`.trimStart()],
  )
  return known.length === 0 ? '' : ` (${known.join('; ')})`
}
