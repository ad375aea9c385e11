// What a shadow step is going to do: mirror a share for a while, then stop mirroring.
import type { Json } from '../../json.ts'
import type { Outline, PlannedStep } from '../../plan.ts'
import type { Mirror } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'

export function outlineShadow({ spec }: PlannedStep<'shadow'>): Outline {
  return {
    changes: [mirror(percent(spec.percent)), mirror(0)].map((desired) => ({
      connection: spec.connection,
      target: 'mirror',
      desired: desired as Json,
    })),
    back: 'mirroring as recorded before; users were never served by the new side',
    irreversible: null,
    shortestMs: milliseconds(spec.for),
    longestMs: milliseconds(spec.for) + milliseconds(spec.extend_max),
    decides: null,
  }
}

export function mirror(share: number): Mirror {
  return { percent: share }
}
