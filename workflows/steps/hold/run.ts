// hold: stay as things are, with guards and synthetic journeys.
import type { PlannedStep } from '../../plan.ts'
import { milliseconds } from '../../quantities.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import { guardsOf, journeysOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'

export async function runHold(run: Run, step: PlannedStep<'hold'>): Promise<void> {
  const { spec } = step
  const gating = gatingOf(spec)
  await hold(run, {
    key: 'for',
    title: step.title,
    forMs: milliseconds(spec.for),
    subjects: [
      ...guardsOf(run.plan, run.state, { step, good: gating.good }),
      ...journeysOf(run.plan, spec.journeys, gating.good),
    ],
    gating,
    confirm: [],
  })
}
