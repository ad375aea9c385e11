// suspend, taken back: let it go on only when it would leave alone what is back. Else it would put back what the run had set.
import type { PlannedStep } from '../../plan.ts'
import { RECONCILING, type Reconciling, SUSPENDED } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { valueBefore } from '../../run/change-back.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { isAllStillBack } from '../../run/still-back.ts'
import { isSuspendedByRun, objectsOf } from '../../run/suspensions.ts'
import { targetsAt } from '../several.ts'

const LOOK_EVERY_MS = 2_000 // it compares when it is asked to, or every few minutes

export async function undoSuspend(run: Run, { spec }: PlannedStep<'suspend'>): Promise<void> {
  for (const of of targetsAt(spec.connection, [RECONCILING])) {
    const before = await valueBefore<Reconciling>(run, of)
    if (before.suspended) continue
    const proof = {
      ...of,
      options: { expects: 'before' as const, objects: objectsOf(run, of) },
      everyMs: LOOK_EVERY_MS,
      withinMs: milliseconds(spec.within),
      otherwise: 'fail' as const,
    }
    const quietly = { forMs: 0, subjects: [], gating: null }
    const agreed = () =>
      hold(run, {
        ...quietly,
        key: `agreed ${of.connection}`,
        title: `${of.connection} would leave alone what is back`,
        confirm: [{ ...proof, desired: SUSPENDED }],
      })
    // A write that was refused, or of which nothing is known, has nothing to be waited for. What agrees with it may be what it has put
    // back itself, let go on for a moment by an expiry, or told to by a person.
    if (isSuspendedByRun(run, of))
      do await agreed()
      while (!(await isAllStillBack(run)))
    await change(run, { ...of, desired: before })
  }
}
