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

/** `1 of anyone but the one who starts the run`: refused later, it would be met as a surprise. */
export function deciders({
  people,
  quorum,
  self_approval: isSelfAllowed,
}: Pick<PlannedStep<'approve'>['spec'], 'people' | 'quorum' | 'self_approval'>): string {
  if (people !== 'anyone') return `${quorum} of ${people.join(', ')}`
  return `${quorum} of anyone${isSelfAllowed ? '' : ' but the one who starts the run'}`
}
