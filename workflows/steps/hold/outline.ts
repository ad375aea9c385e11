// What a hold is going to do: nothing, watched.
import type { Outline, PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'

export function outlineHold({ spec }: PlannedStep<'hold'>): Outline {
  return {
    changes: [],
    back: 'changes nothing',
    irreversible: null,
    shortestMs: milliseconds(spec.for),
    longestMs: milliseconds(spec.for) + milliseconds(spec.extend_max),
    decides: null,
  }
}
