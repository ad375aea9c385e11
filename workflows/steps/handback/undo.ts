// handback, taken back: suspended again, beside the first restorations. What is put back meanwhile is seen by the last look.
import type { PlannedStep } from '../../plan.ts'
import { RECONCILING, type Reconciling } from '../../ports/reconciler.ts'
import { change } from '../../run/change.ts'
import { valueBefore } from '../../run/change-back.ts'
import type { Run } from '../../run/run.ts'
import { targetsAt } from '../several.ts'

export async function undoHandback(run: Run, { spec }: PlannedStep<'handback'>): Promise<void> {
  for (const of of targetsAt(spec.connection, [RECONCILING]))
    await change(run, { ...of, desired: await valueBefore<Reconciling>(run, of) })
}
