// approve: people decide; guards stay watched meanwhile.
import type { PlannedStep } from '../../plan.ts'
import { askPeople } from '../../run/approval.ts'
import type { Run } from '../../run/run.ts'

export async function runApprove(run: Run, step: PlannedStep<'approve'>): Promise<void> {
  await askPeople(run, step, step.title)
}
