// Which sides are served requests, and at which weights: follows from what was last set, and decides which guards are watched.
import type { Json } from '../json.ts'
import type { Mirror, Split } from '../ports/traffic.ts'
import type { RRset } from '../ports/dns.ts'
import { firstBefore, lastKnown } from './journal.ts'
import { measure } from './measure.ts'
import { describe } from './publish.ts'
import type { Run } from './run.ts'
import { connectionOf } from './run.ts'

const LEADS_USERS = / (?:A|AAAA|CNAME|LUA)$/

/** After a change of a target. */
export function remember(run: Run, of: { connection: string; target: string }): void {
  if (connectionOf(run, of.connection).port !== 'traffic') return
  const { state } = run
  const known = lastKnown(state.changes, of) as Json // not `desired`: a person may have left it undone
  if (of.target === 'split') showWeights(run, known)
  state.serving = serving(run)
  describe(run.plan, state) // the attribute follows with the hold: one upsert a weight, not two
}

/** After a look that is the last word on a target; null = nobody knows what it holds. */
export function recordFound(run: Run, of: { connection: string; target: string }, found: Json): void {
  if (of.target !== 'split' || connectionOf(run, of.connection).port !== 'traffic') return
  showWeights(run, found)
  describe(run.plan, run.state)
}

function showWeights(run: Run, found: Json): void {
  const split = found as Split | null
  run.state.weights = split === null ? null : { old: split.old, new: split.new }
  measure.weights(run.plan.service, run.state.weights)
}

/**
 * Where records lead users once caches have followed. A value that was there before this run is the old side's: a record that
 * holds old and new ones serves both, and so does one of several that was not moved yet.
 */
export function servedByRecords({ plan, state }: Run): { old: boolean; new: boolean } {
  const served = { old: false, new: false }
  for (const { connection, target } of state.changes) {
    if (plan.connections[connection]?.port !== 'dns' || !LEADS_USERS.test(target)) continue
    const before = (firstBefore(state.changes, { connection, target }) as RRset).values
    const now = (lastKnown(state.changes, { connection, target }) as RRset).values
    served.old ||= now.some((value) => before.includes(value))
    served.new ||= now.some((value) => !before.includes(value))
  }
  return served
}

function serving(run: Run): { old: boolean; new: boolean } {
  const traffic = Object.values(run.plan.connections).filter(({ port }) => port === 'traffic')
  const known = <V>(target: string) =>
    traffic
      .map(({ name }) => lastKnown(run.state.changes, { connection: name, target }) as V | undefined)
      .filter((value) => value !== undefined)
  const splits = known<Split>('split')
  const mirrors = known<Mirror>('mirror')
  return {
    old: splits.length === 0 || splits.some((split) => split.old > 0),
    new: splits.some((split) => split.new > 0) || mirrors.some((mirror) => mirror.percent > 0),
  }
}
