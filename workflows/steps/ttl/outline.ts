// What a ttl step is going to do: same values, lower TTL; it waits for the TTL that was in force before.
import type { Outline, PlannedStep, Seen } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { absent } from '../absent.ts'
import { cachedMs } from '../cached.ts'

export function outlineTtl({ spec }: PlannedStep<'ttl'>, seen: Seen): Outline {
  const found = spec.records.map((record) => seen(spec.connection, record) as RRset | undefined)
  const oldTtlMs = Math.max(
    ...spec.records.map((target) => cachedMs({ connection: spec.connection, target }, seen)),
  )
  const waitMs = oldTtlMs + milliseconds(spec.margin)
  return {
    problems: absent({ connection: spec.connection, targets: spec.records, hint: '' }, seen),
    changes: spec.records.map((target, index) => {
      const rrset = found[index]
      return {
        connection: spec.connection,
        target,
        desired: rrset === undefined ? null : lowered(spec.to, rrset),
      }
    }),
    back: 'TTL as recorded before; also restored when the run completes',
    irreversible: null,
    shortestMs: waitMs,
    longestMs: waitMs + milliseconds(spec.within),
    decides: null,
  }
}

/** Never raises a TTL: a record that is already short stays as it is. */
export function lowered(to: string, rrset: RRset): RRset {
  const lower = (ttl: number) => Math.min(ttl, Math.max(1, Math.round(milliseconds(to) / 1_000)))
  const ttl = lower(rrset.ttl)
  const ttls = Object.entries(rrset.ttls ?? {}).map(([type, each]) => [type, lower(each)] as const)
  const isOne = ttls.every(([, each]) => each === ttl)
  return { ttl, values: rrset.values, ...(isOne ? {} : { ttls: Object.fromEntries(ttls) }) }
}
