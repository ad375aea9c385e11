// preflight: looks until nothing stands in the way, or gives up in time. What a person should know stays with the step.
import type { PlannedStep } from '../../plan.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { StepFailed } from '../../run/failures.ts'
import type { Run } from '../../run/run.ts'
import { connectionOf, note } from '../../run/run.ts'
import { watchOnce } from '../../run/watch.ts'
import { preflightSubject } from '../../watched/preflight.ts'
import { preflight } from './kind.ts'

export async function runPreflight(run: Run, { spec }: PlannedStep<'preflight'>): Promise<void> {
  const { examinations = [] } = preflight.needs?.(spec) ?? {}
  const subjects = examinations.map(({ connection, demand, accepted }) =>
    preflightSubject({
      connection: connectionOf(run, connection),
      demand,
      accepted,
      everyMs: milliseconds(spec.every),
      good: inARow(spec.good),
    }),
  )
  const result = await watchOnce(run, { subjects, withinMs: milliseconds(spec.within) })
  const last = Object.values(result.readings).flatMap((readings) => readings.at(-1) ?? [])
  if (result.kind === 'passed') {
    for (const { subject, text } of last) note(run, `${subject}: ${text}`)
    return
  }
  const inTheWay = last.filter(({ verdict }) => verdict !== 'good').map(({ text }) => text)
  throw new StepFailed({
    kind: 'Timeout',
    message: `not fit for users within ${spec.within}: ${inTheWay.join('; ') || 'no answer'}`,
    details: null,
  })
}
