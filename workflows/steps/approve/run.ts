// approve: people decide; guards stay watched meanwhile.
import type { PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'
import { approvedBy } from '../../run/decisions.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { note } from '../../run/run.ts'
import { askUnderWatch } from '../../run/watch.ts'
import { deciders } from './outline.ts'

export async function runApprove(run: Run, step: PlannedStep<'approve'>): Promise<void> {
  await askPeople(run, step, step.title)
}

/** Opens the approval gate of a step, named like the step, and waits until its quorum is there. */
export async function askPeople(
  run: Run,
  step: PlannedStep<'approve' | 'decommission'>,
  title: string,
): Promise<void> {
  const { spec } = step
  const asked = () =>
    askUnderWatch(run, {
      kind: 'approval',
      id: step.id,
      title,
      waitsFor: deciders(spec),
      allows: ['approve'],
      people: spec.people,
      quorum: spec.quorum,
      selfApproval: spec.self_approval,
      expiresInMs: milliseconds(spec.expires),
      onExpiry: spec.on_expiry,
    })
  await once(run, 'approval', asked)
  note(run, `approved by ${approvedBy(run.state, step.id, spec.people).join(', ')}`)
}
