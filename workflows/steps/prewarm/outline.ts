// What a prewarm is going to do: the capacity it asks for follows from what the other side has now.
import type { Outline, PlannedStep, Seen } from '../../plan.ts'
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds } from '../../quantities.ts'

export function outlinePrewarm({ spec }: PlannedStep<'prewarm'>, seen: Seen): Outline {
  const base = seen(spec.connection, spec.of) as Capacity | undefined
  const present = seen(spec.connection, spec.side) as Capacity | undefined
  const desired =
    base === undefined || present === undefined ? null : prewarmed(spec.factor, { base, present })
  return {
    changes: [{ connection: spec.connection, target: spec.side, desired: desired }],
    back: 'capacity as recorded before, after traffic has left',
    irreversible: null,
    shortestMs: 0,
    longestMs: milliseconds(spec.ready_within),
    decides: null,
  }
}

/** Never fewer than are there: users may be on them. At least one instance: a side of none cannot be warmed. */
export function prewarmed(factor: number, of: { base: Capacity; present: Capacity }): Capacity {
  return { count: Math.max(1, of.present.count, Math.ceil(factor * of.base.count)) }
}
