// drain: counts what a side has in flight, under watch, until nothing is left or its time is over.
import type { PlannedStep } from '../../plan.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { connectionOf } from '../../run/run.ts'
import { inFlightSubject } from '../../watched/in-flight.ts'
import { eachOf } from '../several.ts'

export async function runDrain(run: Run, step: PlannedStep<'drain'>): Promise<void> {
  const { spec } = step
  const good = inARow(spec.good)
  const drains = eachOf(spec.connection).map((name) =>
    inFlightSubject({
      connection: connectionOf(run, name),
      side: spec.side,
      most: spec.most,
      everyMs: milliseconds(spec.every),
      good,
    }),
  )
  await hold(run, {
    key: 'drained',
    title: step.title,
    forMs: 0,
    subjects: [...guardsOf(run.plan, run.state, { step, good: 1 }), ...drains],
    gating: {
      extendMs: milliseconds(spec.within),
      forgone: spec.on_timeout === 'go_on' ? drains.map(({ name }) => name) : [],
    },
    confirm: [],
  })
}
