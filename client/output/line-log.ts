// A run as lines in time, for logs and pipes: each line once, nothing is redrawn. Pure: views in, lines out.
import type { GuardView, RunView } from '../view/model.ts'
import { harmless } from './paint.ts'
import { headline } from './run-text.ts'

type Printed = {
  log: string[]
  heading: string
  gates: string[]
  guards: { [name: string]: string }
  stale: string
}

export type LineLog = (view: RunView) => string[]

/** Remembers what was said and says what is new. */
export function lineLog(): LineLog {
  let printed: Printed = { log: [], heading: '', gates: [], guards: {}, stale: '' }
  return (raw) => {
    const view = harmless(raw)
    const now = new Date().toISOString()
    const lines: string[] = []
    const log = view.log.map(({ at, text }) => `${at} ${text}`)
    lines.push(...newLines(printed.log, log))
    const heading = headline(view)
    if (heading !== printed.heading) lines.push(`${now} ${view.service}: ${heading}${weightsText(view)}`)
    const gates = view.gates.filter(({ id }) => !printed.gates.includes(id))
    lines.push(
      ...gates.map(
        ({ id, title, waitsFor, allows }) =>
          `${now} gate ${id}: ${title}; ${waitsFor}; takes ${allows.join(', ')}`,
      ),
    )
    const guards = Object.fromEntries(view.guards.map((guard) => [guard.name, guardKey(guard)]))
    lines.push(
      ...view.guards
        .filter(({ name, verdict }) => verdict !== null && guards[name] !== printed.guards[name])
        .map((guard) => `${guard.at ?? now} guard ${guard.name} ${guard.verdict}: ${guard.text}`),
    )
    const stale = view.stale?.why ?? ''
    if (stale !== '' && stale !== printed.stale)
      lines.push(`${now} ${stale}: what follows is from the server alone`)
    printed = { log, heading, gates: view.gates.map(({ id }) => id), guards, stale }
    return lines
  }
}

/** The log is bounded at its beginning: what is new stands behind the last line that was there before. */
function newLines(before: string[], now: string[]): string[] {
  const last = before.at(-1)
  return last === undefined ? now : now.slice(now.lastIndexOf(last) + 1)
}

/** A guard is worth a line when its verdict changes or a breach comes nearer, not at every look. */
function guardKey({ verdict, badInRow }: GuardView): string {
  return `${verdict} ${badInRow}`
}

function weightsText({ weights }: RunView): string {
  return weights === null ? '' : ` (old ${weights.old}%, new ${weights.new}%)`
}
