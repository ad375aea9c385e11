// What a repoint is going to do: new values under the TTL that is in force.
import type { Outline, PlannedStep, Seen } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'

export function outlineRepoint({ spec }: PlannedStep<'repoint'>, seen: Seen): Outline {
  const shortestMs = milliseconds(spec.hold) + milliseconds(spec.margin)
  return {
    changes: Object.entries(spec.records).map(([target, values]) => {
      const rrset = seen(spec.connection, target) as RRset | undefined
      return {
        connection: spec.connection,
        target,
        desired: rrset === undefined ? null : repointed(values, rrset),
      }
    }),
    back: 'values as recorded before; clients follow within the TTL',
    irreversible: null,
    shortestMs,
    longestMs: shortestMs + milliseconds(spec.within) + milliseconds(spec.extend_max),
    decides: null,
  }
}

/** Values in the order providers report them; a record set that did not exist starts with 60 s. */
export function repointed(values: string[], rrset: RRset): RRset {
  return { ttl: rrset.values.length === 0 ? 60 : rrset.ttl, values: [...values].sort() }
}
