// canary: each weight is set, proven by counted requests, and held until its checks are good.
import type { PlannedStep } from '../../plan.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { countedProof, gatingOf } from '../../run/gating.ts'
import { guardsOf } from '../../run/guarding.ts'
import { hold } from '../../run/hold.ts'
import { expectReady } from '../../run/ready.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { splitAt } from './outline.ts'

export async function runCanary(run: Run, step: PlannedStep<'canary'>): Promise<void> {
  for (const weight of step.spec.weights) await shift(run, step, percent(weight))
}

/** One weight of a canary, or the whole of a switch. */
export async function shift(run: Run, step: PlannedStep<'canary' | 'switch'>, share: number): Promise<void> {
  const { spec } = step
  const desired = splitAt(share)
  const forMs = milliseconds(spec.hold)
  const gating = gatingOf(spec)
  await once(run, 'ready', () => expectReady(run))
  await change(run, { connection: spec.connection, target: 'split', desired })
  await hold(run, {
    key: `${share}%`,
    title: `new side at ${share}%`,
    forMs,
    subjects: guardsOf(run.plan, run.state, { step, good: gating.good }),
    gating,
    confirm: countedProof(spec, { target: 'split', desired, forMs }),
  })
}
