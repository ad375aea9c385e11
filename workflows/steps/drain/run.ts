// drain: counts what a side has in flight, under watch, until nothing is left or its time is over. Where a query counts, it must
// have said so for longer than its answers can be old: one look at a gauge scraped before users left proves nothing.
import type { PlannedStep } from '../../plan.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { connectionOf } from '../../run/run.ts'
import { inFlightSubject } from '../../watched/in-flight.ts'
import type { Subject } from '../../watched/index.ts'
import { proofSubject } from '../../watched/proof.ts'
import { eachOf } from '../several.ts'
import { inFlightGuard } from './kind.ts'

type Drain = PlannedStep<'drain'>

export async function runDrain(run: Run, step: Drain): Promise<void> {
  const { spec } = step
  const drains = countedBy(run, step)
  await hold(run, {
    key: 'drained',
    title: step.title,
    forMs: spec.in_flight === undefined ? 0 : milliseconds(spec.in_flight.for),
    subjects: [...guardsOf(run.plan, run.state, { step, good: 1 }), ...drains],
    gating: {
      extendMs: milliseconds(spec.within),
      forgone: spec.on_timeout === 'go_on' ? drains.map(({ name }) => name) : [],
    },
    confirm: [],
  })
}

/** A query counts for all edges of the step. How long its answers may fail to come is bounded by the step, not by a patience. */
function countedBy(run: Run, { spec }: Drain): Subject[] {
  const { in_flight: counted, connection, side, most } = spec
  if (counted === undefined)
    return eachOf(connection).map((name) =>
      inFlightSubject({
        connection: connectionOf(run, name),
        side,
        most,
        everyMs: milliseconds(spec.every),
        good: inARow(spec.good),
      }),
    )
  const guard = inFlightGuard(spec, counted)
  const subject = proofSubject(guard, connectionOf(run, counted.from), milliseconds(counted.for))
  return [{ ...subject, whenUnknown: null }]
}
