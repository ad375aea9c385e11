// ttl: lower TTLs, wait until the old ones have run out, see it everywhere; the old TTL returns when the run completes.
import type { PlannedStep } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { guardsOf } from '../../run/guards.ts'
import { hold } from '../../run/hold.ts'
import { firstBefore } from '../../run/journal.ts'
import type { Run } from '../../run/run.ts'
import type { Change } from '../../run/state.ts'
import { factsOf, seenEverywhere, there } from '../../run/record-sets.ts'
import { targetsAt } from '../several.ts'
import { lowered } from './kind.ts'

export async function runTtl(run: Run, step: PlannedStep<'ttl'>): Promise<void> {
  const { spec } = step
  const changes: Change[] = []
  let chainTtl = 0
  let oldTtl = 0
  for (const of of targetsAt(spec.connection, spec.records)) {
    const { target } = of
    // A cache keeps the records behind an alias for TTLs of their own; those of a record are in its value.
    if (target.endsWith(' CNAME')) chainTtl = Math.max(chainTtl, (await factsOf(run, of)).chainTtl ?? 0)
    const entry = await change<RRset>(run, {
      ...of,
      desired: (before) => lowered(spec.to, there(target, before)),
    })
    const { ttl } = firstBefore(run.state.changes, of) as RRset // a history that was lost may have lowered it
    oldTtl = Math.max(oldTtl, ttl)
    if (ttl !== (entry.desired as RRset).ttl) run.state.atEnd.push({ ...of, part: { ttl } })
    changes.push(entry)
  }
  const oldTtlMs = Math.max(chainTtl, oldTtl) * 1_000
  await hold(run, {
    key: 'expiry',
    title: 'old TTL running out in every cache',
    forMs: oldTtlMs + milliseconds(spec.margin),
    subjects: guardsOf(run.plan, run.state, { step, good: 1 }),
    gating: null,
    confirm: [],
  })
  await seenEverywhere(run, step, { changes })
}
