// What the steps that change record sets share: what must be there, how long caches keep it, and where a change must show.
import type { PlannedStep } from '../plan.ts'
import type { DnsFacts, RRset } from '../ports/dns.ts'
import { milliseconds } from '../quantities.ts'
import { StepFailed, failedWith } from './failures.ts'
import { guardsOf } from './guards.ts'
import { type Holding, hold } from './hold.ts'
import { observe } from './observe.ts'
import type { Run } from './run.ts'
import type { Change } from './state.ts'
import { absence } from '../steps/absent.ts'

const ASK_EVERY_MS = 2_000 // resolvers follow within seconds once the TTL has run out

/** The record set, or the end of the step when there is none. */
export function there(target: string, rrset: RRset, hint = ''): RRset {
  const why = absence(target, rrset, hint)
  if (why === null) return rrset
  throw new StepFailed({ kind: 'Missing', message: why, details: null })
}

/** How long caches keep what is published now, as far as the provider knows it. */
export async function factsOf(run: Run, of: { connection: string; target: string }): Promise<DnsFacts> {
  try {
    const { facts } = await observe(run, of, 'look at')
    return facts ?? {}
  } catch (error) {
    throw new StepFailed(failedWith(error))
  }
}

/** Waits until each change shows at every authoritative server and resolver, and for `forMs` at least; not in time ends the step. */
export async function seenEverywhere(
  run: Run,
  step: PlannedStep & { spec: { resolvers: string[]; within: string } },
  { changes, forMs = 0 }: { changes: Change[]; forMs?: number },
): Promise<void> {
  const { spec } = step
  const holding: Holding = {
    key: 'everywhere',
    title: 'seen at every authoritative server and resolver',
    forMs,
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
