// suspend: first the expiry, which needs no run, then the write, then until nothing is under way that was begun before it.
import { foundAtStart } from '../../found.ts'
import type { PlannedStep } from '../../plan.ts'
import { RECONCILING, type Reconciling, SUSPENDED, suspended } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { change, presentValue } from '../../run/change.ts'
import { StepFailed } from '../../run/failures.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { beginExpiry, declaredBy } from '../../run/suspensions.ts'
import { targetsAt } from '../several.ts'
import { leftBehind } from './kind.ts'

const LOOK_EVERY_MS = 1_000 // a controller reads a change within milliseconds; what it has begun takes seconds

export async function runSuspend(run: Run, step: PlannedStep<'suspend'>): Promise<void> {
  const { spec } = step
  const targets = targetsAt(spec.connection, [RECONCILING])
  for (const of of targets) {
    const before = await once(run, `found ${of.connection}`, () => found(run, of))
    const why = leftBehind(before)
    if (why !== null)
      throw new StepFailed({ kind: 'Rejected', message: `${of.connection}: ${why}`, details: null })
    const objects = await once(run, `declared by ${of.connection}`, () => declaredBy(run, of))
    if (!before.suspended)
      await once(run, `expiry of ${of.connection}`, () =>
        beginExpiry(run, { ...of, before, objects, forMs: milliseconds(spec.expires) }),
      )
    await change<Reconciling>(run, { ...of, desired: suspended })
  }
  await hold(run, {
    key: 'quiet',
    title: 'what it had begun comes to its end',
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step, good: 0 }),
    gating: null,
    confirm: targets.map((of) => ({
      ...of,
      desired: { suspended: SUSPENDED.suspended },
      options: { expects: 'quiet', objects: [] },
      everyMs: LOOK_EVERY_MS,
      withinMs: milliseconds(spec.within),
      otherwise: 'fail',
    })),
  })
}

/** What was found when the plan was made is what going back leads to; a run that was reset finds its own suspension. */
async function found(run: Run, of: { connection: string; target: string }): Promise<Reconciling> {
  const planned = foundAtStart(run.plan, of) as Reconciling | undefined
  return planned ?? (await presentValue<Reconciling>(run, of))
}
