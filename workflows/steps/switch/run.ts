// switch: all traffic to the new side, as the last weight of a canary.
import type { PlannedStep } from '../../plan.ts'
import type { Run } from '../../run/run.ts'
import { shift } from '../../run/shift.ts'

export async function runSwitch(run: Run, step: PlannedStep<'switch'>): Promise<void> {
  await shift(run, step, 100)
}
