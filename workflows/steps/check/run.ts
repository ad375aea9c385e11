// check: a journey that must be good before the run goes on.
import type { PlannedConnection, PlannedStep } from '../../plan.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { StepFailed } from '../../run/failures.ts'
import { probeOf } from '../../run/guards.ts'
import type { Run } from '../../run/run.ts'
import { watchOnce } from '../../run/watch.ts'
import { journeySubject } from '../../watched/journey.ts'

export async function runCheck(run: Run, step: PlannedStep<'check'>): Promise<void> {
  const { spec } = step
  const result = await watchOnce(run, {
    subjects: [
      journeySubject({
        name: step.title,
        connection: run.plan.connections[spec.connection] as PlannedConnection,
        requests: spec.requests.map(probeOf),
        everyMs: milliseconds(spec.every),
        good: inARow(spec.good),
        breach: null,
        whenUnknown: null, // `within` is its patience
      }),
    ],
    withinMs: milliseconds(spec.within),
  })
  if (result.kind === 'passed') return
  const last = Object.values(result.readings).flat().at(-1)
  throw new StepFailed({
    kind: 'Timeout',
    message: `not good within ${spec.within}: ${last?.text ?? 'no answer'}`,
    details: null,
  })
}
