// repoint: new values, seen at every authoritative server and resolver, then held under watch.
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
import { factsOf, seenEverywhere, there } from '../../run/record-sets.ts'
import { CREATED, repointed } from './kind.ts'

export async function runRepoint(run: Run, step: PlannedStep<'repoint'>): Promise<void> {
  const { spec } = step
  const changes: Change[] = []
  let negativeTtl = 0
  for (const [target, values] of Object.entries(spec.records)) {
    const of = { connection: spec.connection, target }
    const facts = spec.create ? await factsOf(run, of) : {}
    const entry = await change<RRset>(run, {
      ...of,
      desired: (before) => repointed(values, spec.create ? before : there(target, before, CREATED)),
    })
    if ((entry.before as RRset).values.length === 0)
      negativeTtl = Math.max(negativeTtl, facts.negativeTtl ?? 0)
    changes.push(entry)
  }
  // Resolvers that were asked before a record was there believe for so long that there is none.
  const forMs = negativeTtl === 0 ? 0 : negativeTtl * 1_000 + milliseconds(spec.margin)
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
