// shadow: mirror, prove that the copies arrive, watch both sides, stop mirroring.
import type { PlannedStep } from '../../plan.ts'
import { MIRROR } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { countedProof, gatingOf } from '../../run/hold-rules.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { eachOf } from '../several.ts'
import { mirror } from './kind.ts'

export async function runShadow(run: Run, step: PlannedStep<'shadow'>): Promise<void> {
  const { spec } = step
  const desired = mirror(percent(spec.percent))
  const forMs = milliseconds(spec.for)
  const gating = gatingOf(spec)
  for (const connection of eachOf(spec.connection)) await change(run, { connection, target: MIRROR, desired })
  await hold(run, {
    key: 'mirrored',
    title: `mirroring ${spec.percent}`,
    forMs,
    subjects: guardsOf(run.plan, run.state, { step, good: gating.good }),
    gating,
    confirm: countedProof(spec, { target: MIRROR, desired, forMs }),
  })
  for (const connection of eachOf(spec.connection)) {
    await change(run, { connection, target: MIRROR, desired: mirror(0) })
  }
}
