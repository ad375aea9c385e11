// promote: prove that the new side has all users and may be promoted, ask, prove it once more, and promote. It is over when the new
// version is really the stable one.
import type { PlannedStep } from '../../plan.ts'
import { SPLIT, STABLE, splitAt, stableIs } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { askPeople } from '../../run/approval.ts'
import { change } from '../../run/change.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import type { Run } from '../../run/run.ts'
import { eachOf } from '../several.ts'

type Promote = PlannedStep<'promote'>

const LOOK_EVERY_MS = 2_000 // controllers look as often at the least, and a look is a few small calls

export async function runPromote(run: Run, step: Promote): Promise<void> {
  const { spec } = step
  const { good } = gatingOf(spec)
  await proven(run, step, { key: 'all moved', good })
  await askPeople(run, step, `${step.title}: it has all users, and nothing leads back from here`)
  await proven(run, step, { key: 'still', good: 1 }) // an approval may take hours
  for (const connection of eachOf(spec.connection))
    await change(run, {
      connection,
      target: STABLE,
      desired: stableIs('new'),
      showsWithinMs: milliseconds(spec.within),
    })
}

async function proven(run: Run, step: Promote, { key, good }: { key: string; good: number }): Promise<void> {
  const { spec } = step
  const gating = gatingOf(spec)
  await hold(run, {
    key,
    title: 'the new side has all users, and may be promoted',
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step, good }),
    gating,
    confirm: eachOf(spec.connection).map((connection) => ({
      connection,
      target: SPLIT,
      desired: splitAt(100),
      options: { samples: spec.samples, tolerance: percent(spec.tolerance), promotable: true },
      everyMs: LOOK_EVERY_MS,
      withinMs: Math.max(LOOK_EVERY_MS, gating.extendMs),
      otherwise: 'ask',
    })),
  })
}
