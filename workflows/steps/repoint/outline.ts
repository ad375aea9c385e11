// What a repoint is going to do: new values under the TTL that is in force.
import type { Outline, PlannedStep, Seen } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { absent } from '../absent.ts'

export const CREATED = ', or write `create: true` on the step if it is to be created'
const CREATED_TTL_SECONDS = 60 // short, because a record that has just been made may have to go again

export function outlineRepoint({ spec }: PlannedStep<'repoint'>, seen: Seen): Outline {
  const shortestMs = milliseconds(spec.hold) + milliseconds(spec.margin)
  const targets = Object.keys(spec.records)
  return {
    problems: spec.create ? [] : absent({ connection: spec.connection, targets, hint: CREATED }, seen),
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

/** Values in the order providers report them; one that did not exist starts with a short TTL. */
export function repointed(values: string[], rrset: RRset): RRset {
  return { ttl: rrset.values.length === 0 ? CREATED_TTL_SECONDS : rrset.ttl, values: [...values].sort() }
}
