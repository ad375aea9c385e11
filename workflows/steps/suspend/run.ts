// suspend: first the expiry, which needs no run, then the write, then until nothing is under way that was begun before it.
import type { PlannedStep } from '../../plan.ts'
import { RECONCILING, type Reconciling, SUSPENDED, suspended } from '../../ports/reconciler.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { StepFailed } from '../../run/failures.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { lastChange } from '../../run/journal.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { beginExpiry, noteDeclared } from '../../run/suspensions.ts'
import { targetsAt } from '../several.ts'
import { leftBehind } from './kind.ts'

const LOOK_EVERY_MS = 1_000 // a controller reads a change within milliseconds; what it has begun takes seconds

export async function runSuspend(run: Run, step: PlannedStep<'suspend'>): Promise<void> {
  const { spec } = step
  const targets = targetsAt(spec.connection, [RECONCILING])
  for (const of of targets) {
    await once(run, `expiry of ${of.connection}`, () =>
      beginExpiry(run, { ...of, forMs: milliseconds(spec.expires) }),
    )
    await change<Reconciling>(run, { ...of, desired: (now) => suspendedFrom(run, of, now) })
    await once(run, `declared by ${of.connection}`, () => noteDeclared(run, of))
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

/** A run that was reset finds its own suspension, and has it in its journal. */
function suspendedFrom(run: Run, of: { connection: string; target: string }, now: Reconciling): Reconciling {
  const why = lastChange(run.state.changes, of) === undefined ? leftBehind(now) : null
  if (why === null) return suspended(now)
  throw new StepFailed({ kind: 'Rejected', message: `${of.connection}: ${why}`, details: null })
}
