// What a check is going to do: ask, and go back when the answers are not good in time.
import type { Outline, PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'

export function outlineCheck({ spec }: PlannedStep<'check'>): Outline {
  return {
    changes: [],
    back: 'changes nothing',
    irreversible: null,
    shortestMs: 0,
    longestMs: milliseconds(spec.within),
    decides: null,
  }
}
