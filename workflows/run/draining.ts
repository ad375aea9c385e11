// What capacity leans on while a run goes back: instances go only behind the traffic that uses them. Pure.
import { matches } from '../json.ts'
import type { RRset } from '../ports/dns.ts'
import { milliseconds } from '../quantities.ts'
import { isWritten, ours } from './journal.ts'
import { plannedValues } from './planned-values.ts'
import { type Run, connectionOf } from './run.ts'
import type { Restoration } from './state.ts'

const DNS_MARGIN_MS = 1_000 // resolvers were seen to follow about a second after the TTL

/** Instances: restored last, whenever they were changed. */
export function isCapacity(run: Run, { connection }: Restoration): boolean {
  return connectionOf(run, connection).port === 'capacity'
}

/**
 * What must be back before instances may go: all traffic and all records of the run, whatever was changed first. `before` is
 * that of a target's first change, so the order of the last ones says nothing.
 */
export function leansOn(run: Run): Restoration[] {
  return run.state.restorations.filter((each) => !isCapacity(run, each))
}

/**
 * Until when instances must stay: under requests in flight, and for clients whose resolver still points at them. Counted
 * from the moment at which traffic and records were back; null = there is nothing to wait for.
 */
export function drainedBy(run: Run): number | null {
  const { changes } = run.state
  const moved = leansOn(run).filter((each) => each.isLost === true || isWritten(changes, each))
  const ends = moved.flatMap((earlier) => {
    const isTraffic = connectionOf(run, earlier.connection).port === 'traffic'
    const drainMs = isTraffic ? milliseconds(run.plan.drain) : cachedMs(run, earlier)
    return earlier.at === null || drainMs === 0 ? [] : [earlier.at + drainMs]
  })
  return ends.length === 0 ? null : Math.max(...ends)
}

/** How long a resolver may still hand out what this run has published. */
function cachedMs(run: Run, { connection, target, before, isLost = false }: Restoration): number {
  const of = { connection, target }
  const values = (isLost ? plannedValues(run.plan, of) : ours(run.state.changes, of)) as RRset[]
  const moved = values.filter(
    (rrset) => !matches({ values: rrset.values }, { values: (before as RRset).values }),
  )
  return moved.length === 0 ? 0 : Math.max(...moved.map((rrset) => rrset.ttl * 1_000)) + DNS_MARGIN_MS
}
