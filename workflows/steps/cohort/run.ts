// cohort: led to the new side, proven by asking as members and as a stranger, and held until the checks are good.
import type { PlannedConnection, PlannedStep } from '../../plan.ts'
import { COHORT, cohortOf } from '../../ports/traffic.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import { guardsOf, probeOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { expectReady } from '../../run/ready.ts'
import { once } from '../../run/renewal.ts'
import type { Run } from '../../run/run.ts'
import { journeySubject } from '../../watched/journey.ts'
import { questions } from './kind.ts'

export async function runCohort(run: Run, step: PlannedStep<'cohort'>): Promise<void> {
  const { spec } = step
  const { connection, members, proof } = spec
  const gating = gatingOf(spec)
  await once(run, 'ready', () => expectReady(run))
  await change(run, { connection, target: COHORT, desired: cohortOf(members) })
  await hold(run, {
    key: 'led',
    title: `${members.length} members on the new side`,
    forMs: milliseconds(spec.hold),
    subjects: [
      ...guardsOf(run.plan, run.state, { step, good: gating.good }),
      journeySubject({
        name: `cohort of ${connection}`,
        connection: run.plan.connections[proof.connection] as PlannedConnection,
        requests: questions(spec).map(probeOf),
        everyMs: milliseconds(proof.every),
        good: gating.good,
        breach: inARow(proof.breach),
        whenUnknown: { for: spec.extend_max, do: 'hold' },
      }),
    ],
    gating,
    confirm: [],
  })
}
