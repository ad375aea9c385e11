// repoint: new values, seen at every authoritative server and resolver, then held under watch.
import type { PlannedStep } from '../../plan.ts'
import type { RRset } from '../../ports/dns.ts'
import { milliseconds } from '../../quantities.ts'
import { change } from '../../run/change.ts'
import { gatingOf } from '../../run/gating.ts'
import { guardsOf } from '../../run/guarding.ts'
import { StepFailed } from '../../run/failures.ts'
import { type Holding, hold } from '../../run/hold.ts'
import type { Run } from '../../run/run.ts'
import type { Change } from '../../run/state.ts'
import { repointed } from './outline.ts'

const ASK_EVERY_MS = 2_000 // resolvers follow within seconds once the TTL has run out

export async function runRepoint(run: Run, step: PlannedStep<'repoint'>): Promise<void> {
  const { spec } = step
  const movesUsers = run.state.weights === null // behind a split, the split says who is served
  const changes: Change[] = []
  for (const [target, values] of Object.entries(spec.records)) {
    const entry = await change<RRset>(run, {
      connection: spec.connection,
      target,
      desired: (before) => repointed(values, before),
    })
    if (movesUsers) run.state.serving = { old: true, new: true } // caches follow one by one
    changes.push(entry)
  }
  await seenEverywhere(run, step, changes)
  if (movesUsers) run.state.serving = { old: false, new: true }
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

/** Waits until each change shows at every authoritative server and resolver; not in time ends the step. */
export async function seenEverywhere(
  run: Run,
  step: PlannedStep<'repoint' | 'ttl'>,
  changes: Change[],
): Promise<void> {
  const { spec } = step
  const holding: Holding = {
    key: 'everywhere',
    title: 'seen at every authoritative server and resolver',
    forMs: 0,
    subjects: guardsOf(run.plan, run.state, { step, good: 1 }),
    gating: null,
    confirm: changes.map(({ connection, target, desired }) => ({
      connection,
      target,
      desired,
      options: { resolvers: spec.resolvers },
      everyMs: ASK_EVERY_MS,
      withinMs: milliseconds(spec.within),
      otherwise: 'fail',
    })),
  }
  try {
    await hold(run, holding)
  } catch (error) {
    if (!(error instanceof StepFailed) || error.failed.kind !== 'Timeout') throw error
    const last = error.failed.message.replace(/^not in time: /, '')
    throw new StepFailed({ ...error.failed, message: `not seen everywhere within ${spec.within}: ${last}` })
  }
}
