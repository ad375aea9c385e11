// decommission: prove that the side is idle, ask, take its capacity away.
import type { PlannedStep } from '../../plan.ts'
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds } from '../../quantities.ts'
import { askPeople } from '../../run/approval.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { connectionOf, note } from '../../run/run.ts'
import { proofSubject } from '../../watched/proof.ts'
import { eachOf } from '../several.ts'
import { idleGuard } from './kind.ts'

export async function runDecommission(run: Run, step: PlannedStep<'decommission'>): Promise<void> {
  const { spec } = step
  const gating = gatingOf(spec)
  const forMs = milliseconds(spec.idle_proof.for)
  await hold(run, {
    key: 'idle',
    title: `${spec.side} side idle for ${spec.idle_proof.for}`,
    forMs,
    subjects: [
      ...guardsOf(run.plan, run.state, { step, good: gating.good }),
      proofSubject(idleGuard(spec), connectionOf(run, spec.idle_proof.from), forMs),
    ],
    gating,
    confirm: [],
  })
  await askPeople(run, step, `${step.title}: ${spec.side} side is proven idle`)
  for (const connection of eachOf(spec.connection)) {
    const entry = await change<Capacity>(run, { connection, target: spec.side, desired: { count: 0 } })
    const { count } = entry.before as Capacity
    const until = new Date(Date.now() + milliseconds(spec.restore_within)).toISOString()
    note(run, `to restore by hand until ${until}: set ${connection} ${spec.side} back to ${count} instances`)
  }
}
