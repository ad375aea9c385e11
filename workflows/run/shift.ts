// A share of users to the new side of every edge of a step: set, proven by counted requests, and held until its checks are good.
import type { PlannedStep } from '../plan.ts'
import { SPLIT, splitAt } from '../ports/traffic.ts'
import { milliseconds } from '../quantities.ts'
import { eachOf } from '../steps/several.ts'
import { change } from './change.ts'
import { type Counted, type Gated, countedProof, gatingOf } from './hold-rules.ts'
import { guardsOf } from './guards.ts'
import { hold } from './hold.ts'
import { expectReady } from './ready.ts'
import { once } from './renewal.ts'
import type { Run } from './run.ts'

type Shifting = PlannedStep & { spec: Counted & Gated & { hold: string } }

export async function shift(run: Run, step: Shifting, share: number): Promise<void> {
  const { spec } = step
  const desired = splitAt(share)
  const forMs = milliseconds(spec.hold)
  const gating = gatingOf(spec)
  await once(run, 'ready', () => expectReady(run))
  for (const connection of eachOf(spec.connection)) await change(run, { connection, target: SPLIT, desired })
  await hold(run, {
    key: `${share}%`,
    title: `new side at ${share}%`,
    forMs,
    subjects: guardsOf(run.plan, run.state, { step, good: gating.good }),
    gating,
    confirm: countedProof(spec, { target: SPLIT, desired, forMs }),
  })
}
