// decommission: prove that the side is idle and that the other one carries the load, ask, look once more, take its capacity away.
import type { PlannedStep } from '../../plan.ts'
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds } from '../../quantities.ts'
import { askPeople } from '../../run/approval.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { readyOn } from '../../run/ready.ts'
import type { Run } from '../../run/run.ts'
import { connectionOf, note } from '../../run/run.ts'
import type { ProofSubject } from '../../watched/proof.ts'
import { proofSubject } from '../../watched/proof.ts'
import { eachOf } from '../several.ts'
import { idleGuard, loadGuard } from './kind.ts'

type Decommission = PlannedStep<'decommission'>

export async function runDecommission(run: Run, step: Decommission): Promise<void> {
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
      ...(await carried(run, step, forMs)),
    ],
    gating,
    confirm: [],
  })
  await askPeople(run, step, `${step.title}: ${spec.side} side is proven idle`)
  await expectCarried(run, step) // an approval may take hours, in which an autoscaler and the load have moved on
  for (const connection of eachOf(spec.connection)) {
    const entry = await change<Capacity>(run, { connection, target: spec.side, desired: { count: 0 } })
    const { count } = entry.before as Capacity
    const until = new Date(Date.now() + milliseconds(spec.restore_within)).toISOString()
    note(run, `to restore by hand until ${until}: set ${connection} ${spec.side} back to ${count} instances`)
  }
}

async function expectCarried(run: Run, step: Decommission): Promise<void> {
  const [subject] = await carried(run, step, 0)
  if (subject === undefined) return
  await hold(run, {
    key: 'carried',
    title: `what remains carries the load`,
    forMs: 0,
    subjects: [...guardsOf(run.plan, run.state, { step, good: 1 }), { ...subject, enough: { good: 1 } }],
    gating: gatingOf(step.spec),
    confirm: [],
  })
}

/** The proof that the instances which can serve on the other side, looked at now, carry the load; none where it is not asked for. */
async function carried(run: Run, { spec }: Decommission, forMs: number): Promise<ProofSubject[]> {
  const { carries, side, connection } = spec
  if (carries === undefined) return []
  const rest = side === 'old' ? 'new' : 'old'
  const ready = await readyOn(run, eachOf(connection), rest)
  note(run, `${ready} instances can serve on the ${rest} side`)
  return [proofSubject(loadGuard(carries, ready), connectionOf(run, carries.from), forMs)]
}
