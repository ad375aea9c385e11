// repoint: new values, seen at every authoritative server and resolver and the old ones gone from caches, then held under watch.
import type { PlannedStep } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/gating.ts'
import { guardsOf } from '../../run/guarding.ts'
import { hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import { servedByRecords } from '../../run/serving.ts'
import type { Change } from '../../run/state.ts'
import { leftUntil } from '../../run/time.ts'
import { factsOf, heldUntil, seenEverywhere, there } from '../records-run.ts'
import { CREATED, repointed } from './outline.ts'

export async function runRepoint(run: Run, step: PlannedStep<'repoint'>): Promise<void> {
  const { spec } = step
  const movesUsers = run.state.weights === null // behind a split, the split says who is served
  const changes: Change[] = []
  const held: number[] = []
  for (const [target, values] of Object.entries(spec.records)) {
    const of = { connection: spec.connection, target }
    const facts = spec.create || target.endsWith(' CNAME') ? await factsOf(run, of) : {}
    const entry = await change<RRset>(run, {
      ...of,
      desired: (before) => repointed(values, spec.create ? before : there(target, before, CREATED)),
    })
    if (movesUsers) run.state.serving = { ...servedByRecords(run), old: true } // caches follow one by one
    changes.push(entry)
    const until = heldUntil(run.state.changes, entry, facts)
    if (until !== null) held.push(until)
  }
  const forMs = held.length === 0 ? 0 : leftUntil(Math.max(...held)) + milliseconds(spec.margin)
  await seenEverywhere(run, step, { changes, forMs })
  if (movesUsers) run.state.serving = servedByRecords(run)
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
