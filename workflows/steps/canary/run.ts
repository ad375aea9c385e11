// canary: each weight is set, proven by counted requests, and held until its checks are good.
import type { PlannedStep } from '../../plan.ts'
import { percent } from '../../quantities.ts'
import type { Run } from '../../run/run.ts'
import { shift } from '../../run/shift.ts'

export async function runCanary(run: Run, step: PlannedStep<'canary'>): Promise<void> {
  for (const weight of step.spec.weights) await shift(run, step, percent(weight))
}
