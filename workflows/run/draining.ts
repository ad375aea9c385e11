// What capacity leans on while a run goes back: instances go only behind the traffic that uses them. Pure.
import { matches } from '../json.ts'
import type { RRset } from '../ports/dns.ts'
import { milliseconds } from '../quantities.ts'
import { ours } from './journal.ts'
import { type Run, connectionOf } from './run.ts'
import type { Restoration } from './state.ts'

const DNS_MARGIN_MS = 1_000 // resolvers were seen to follow about a second after the TTL

/** What must be back before a target may follow: for capacity all traffic and records that were changed after it. */
export function leansOn(run: Run, next: Restoration): Restoration[] {
  if (connectionOf(run, next.connection).port !== 'capacity') return []
  const { restorations } = run.state
  return restorations
    .slice(0, restorations.indexOf(next))
    .filter(({ connection }) => connectionOf(run, connection).port !== 'capacity')
}

/**
 * Until when instances must stay: under requests in flight, and for clients whose resolver still points at them. Counted
 * from the moment at which traffic and records were back; null = there is nothing to wait for.
 */
export function drainedBy(run: Run, next: Restoration): number | null {
  const ends = leansOn(run, next).flatMap((earlier) => {
    const isTraffic = connectionOf(run, earlier.connection).port === 'traffic'
    const drainMs = isTraffic ? milliseconds(run.plan.drain) : cachedMs(run, earlier)
    return earlier.at === null || drainMs === 0 ? [] : [earlier.at + drainMs]
  })
  return ends.length === 0 ? null : Math.max(...ends)
}

/** How long a resolver may still hand out what this run has published. */
function cachedMs(run: Run, { connection, target, before }: Restoration): number {
  const values = ours(run.state.changes, { connection, target }) as RRset[]
  const moved = values.filter(
    (rrset) => !matches({ values: rrset.values }, { values: (before as RRset).values }),
  )
  return moved.length === 0 ? 0 : Math.max(...moved.map((rrset) => rrset.ttl * 1_000)) + DNS_MARGIN_MS
}
