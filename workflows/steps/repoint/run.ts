// repoint: new values, seen at every authoritative server and resolver and the old ones gone from caches, then held under watch.
import type { PlannedStep } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/hold-rules.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { recordFollowed } from '../../run/record-traffic.ts'
import type { Run } from '../../run/run.ts'
import type { Change } from '../../run/state.ts'
import { factsOf, heldUntil, seenEverywhere, there } from '../../run/record-sets.ts'
import { leftUntil } from '../../run/time.ts'
import { CREATED, repointed, targetsOf } from './kind.ts'

export async function runRepoint(run: Run, step: PlannedStep<'repoint'>): Promise<void> {
  const { spec } = step
  const changes: Change[] = []
  const held: number[] = []
  for (const of of targetsOf(spec)) {
    const { target } = of
    const values = spec.records[target] ?? []
    const facts = spec.create || target.endsWith(' CNAME') ? await factsOf(run, of) : {}
    const entry = await change<RRset>(run, {
      ...of,
      desired: (before) => repointed(values, spec.create ? before : there(target, before, CREATED)),
    })
    changes.push(entry)
    const until = heldUntil(run.state.changes, entry, facts)
    if (until !== null) held.push(until)
  }
  const forMs = held.length === 0 ? 0 : leftUntil(Math.max(...held)) + milliseconds(spec.margin)
  await seenEverywhere(run, step, { changes, forMs })
  recordFollowed(run)
  const gating = gatingOf(spec)
  await hold(run, {
    key: 'moved',
    title: 'records moved',
    forMs: milliseconds(spec.hold) + milliseconds(spec.margin),
    subjects: guardsOf(run.plan, run.state, { step, good: gating.good }),
    gating,
    confirm: [],
  })
}
