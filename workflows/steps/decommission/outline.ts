// What a decommission is going to do: capacity to zero, after a proof and a decision. It cannot be undone by the engine.
import type { Outline, PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'
import { deciders } from '../approve/outline.ts'

export function outlineDecommission({ spec }: PlannedStep<'decommission'>): Outline {
  const shortestMs = milliseconds(spec.idle_proof.for)
  return {
    changes: [{ connection: spec.connection, target: spec.side, desired: { count: 0 } }],
    back: `by hand: the capacity before is recorded, good for ${spec.restore_within}`,
    irreversible: `without its capacity the ${spec.side} side cannot take traffic back`,
    shortestMs,
    longestMs:
      spec.on_expiry === 'hold'
        ? null
        : shortestMs + milliseconds(spec.extend_max) + milliseconds(spec.expires),
    decides: deciders(spec),
  }
}
