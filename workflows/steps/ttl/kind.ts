// ttl, as others see it: same values, lower TTL; it waits for the TTL that was in force before.
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { absent } from '../absent.ts'
import { cachedMs } from '../cached.ts'
import { defineKind } from '../kind.ts'
import { targetsAt } from '../several.ts'

export const ttl = defineKind<'ttl'>({
  title: ({ records, to }) => `lower the TTL of ${records.join(', ')} to ${to}`,
  connections: { connection: 'dns' },
  changes: true,
  watched: 'throughout',
  recordSets: 'records',
  shortensCaching: true,
  needs: ({ resolvers }) => ({ resolvers }),
  outline({ connection, records, to, margin, within }, seen) {
    const targets = targetsAt(connection, records)
    const oldTtlMs = Math.max(...targets.map((of) => cachedMs(of, seen)))
    const waitMs = oldTtlMs + milliseconds(margin)
    return {
      problems: absent(targets, { hint: '' }, seen),
      changes: targets.map((of) => {
        const rrset = seen(of.connection, of.target) as RRset | undefined
        return { ...of, desired: rrset === undefined ? null : lowered(to, rrset) }
      }),
      back: 'TTL as recorded before; also restored when the run completes',
      shortestMs: waitMs,
      longestMs: waitMs + milliseconds(within),
      decides: null,
    }
  },
  hurried: (fields, { record, resolver }) => ({
    ...fields,
    records: [record],
    to: '2s',
    resolvers: [resolver],
    margin: '1s',
  }),
})

/** Never raises a TTL: a record that is already short stays as it is. */
export function lowered(to: string, rrset: RRset): RRset {
  const lower = (seconds: number) => Math.min(seconds, Math.max(1, Math.round(milliseconds(to) / 1_000)))
  const seconds = lower(rrset.ttl)
  const ttls = Object.entries(rrset.ttls ?? {}).map(([type, each]) => [type, lower(each)] as const)
  const isOne = ttls.every(([, each]) => each === seconds)
  return { ttl: seconds, values: rrset.values, ...(isOne ? {} : { ttls: Object.fromEntries(ttls) }) }
}
