// What an approve step is going to do: wait for people, until the question expires.
import type { Outline, PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'

export function outlineApprove({ spec }: PlannedStep<'approve'>): Outline {
  return {
    changes: [],
    back: 'changes nothing',
    irreversible: null,
    shortestMs: 0,
    longestMs: spec.on_expiry === 'hold' ? null : milliseconds(spec.expires),
    decides: deciders(spec),
  }
}

export function deciders(spec: { people: 'anyone' | string[]; quorum: number }): string {
  return spec.people === 'anyone' ? `${spec.quorum} of anyone` : `${spec.quorum} of ${spec.people.join(', ')}`
}
