// What a canary is going to do: one change of the split per weight.
import type { Json } from '../../json.ts'
import type { Outline, PlannedStep } from '../../plan.ts'
import type { Split } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'

export function outlineCanary({ spec }: PlannedStep<'canary'>): Outline {
  const count = spec.weights.length
  return {
    changes: spec.weights.map((weight) => ({
      connection: spec.connection,
      target: 'split',
      desired: splitAt(percent(weight)) as Json,
    })),
    back: 'weights as recorded before, in one write',
    irreversible: null,
    shortestMs: count * milliseconds(spec.hold),
    longestMs: count * (milliseconds(spec.hold) + milliseconds(spec.extend_max)),
    decides: null,
  }
}

/** The split that gives the new side `share` percent; rounded so that 99.9 leaves 0.1 and not 0.0999…. */
export function splitAt(share: number): Split {
  return { old: Math.round((100 - share) * 1e6) / 1e6, new: share }
}
