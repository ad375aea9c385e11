// What a switch is going to do: all traffic to the new side, in one change.
import type { Outline, PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'
import { splitAt } from '../canary/outline.ts'

export function outlineSwitch({ spec }: PlannedStep<'switch'>): Outline {
  return {
    changes: [{ connection: spec.connection, target: 'split', desired: splitAt(100) }],
    back: 'weights as recorded before, in one write',
    irreversible: null,
    shortestMs: milliseconds(spec.hold),
    longestMs: milliseconds(spec.hold) + milliseconds(spec.extend_max),
    decides: null,
  }
}
