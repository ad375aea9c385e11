// What the steps that change record sets share: what must be there, how long caches keep it, and where a change must show.
import type { PlannedStep } from '../plan.ts'
import type { DnsFacts, RRset } from '../ports/dns.ts'
import { milliseconds } from '../quantities.ts'
import { absence } from '../steps/absent.ts'
import { StepFailed, failedWith } from './failures.ts'
import { guardsOf } from './guards.ts'
import { hold } from './hold.ts'
import type { Holding } from './holding.ts'
import { isOf } from './journal.ts'
import { observe } from './observe.ts'
import { once } from './renewal.ts'
import type { Run } from './run.ts'
import type { Change } from './state.ts'

const ASK_EVERY_MS = 2_000 // resolvers follow within seconds once the TTL has run out

/** The record set, or the end of the step when there is none. */
export function there(target: string, rrset: RRset, hint = ''): RRset {
  const why = absence(target, rrset, hint)
  if (why === null) return rrset
  throw new StepFailed({ kind: 'Missing', message: why, details: null })
}

/** How long caches keep what is published now, as far as the provider knows it. A new history keeps what was found before the change. */
export async function factsOf(run: Run, of: { connection: string; target: string }): Promise<DnsFacts> {
  return await once(run, `facts ${of.connection} ${of.target}`, async () => {
    try {
      const { facts } = await observe(run, of, 'look at')
      return facts ?? {}
    } catch (error) {
      throw new StepFailed(failedWith(error))
    }
  })
}

/**
 * Until when caches may hold what a record was before a change of it. Each of its earlier values is kept for the TTL it had, from
 * the moment at which it was replaced: one that a `ttl` step has lowered, and waited for, is gone by now. An alias is kept with
 * what is behind it, and a name that did not exist for as long as its zone says; null = there is nothing to wait for.
 */
export function heldUntil(
  changes: Change[],
  change: Change,
  { chainTtl = 0, negativeTtl }: DnsFacts,
): number | null {
  if (change.status === 'noop') return null
  const seconds = (rrset: RRset) => (rrset.values.length === 0 ? negativeTtl : rrset.ttl)
  const ends = changes
    .filter((each) => isOf(each, change) && each.status !== 'noop' && each.number <= change.number)
    .flatMap((each) => {
      const ttl = seconds(each.before as RRset)
      return ttl === undefined ? [] : [(each.appliedAt ?? each.at) + ttl * 1_000]
    })
  const isAlias = change.target.endsWith(' CNAME') && (change.before as RRset).values.length > 0
  if (isAlias) ends.push((change.appliedAt ?? change.at) + chainTtl * 1_000)
  return ends.length === 0 ? null : Math.max(...ends)
}

/**
 * Waits until each change shows at every authoritative server and resolver, and for `forMs` at least, which is how long caches may
 * hold what was there before: `within` counts from then on. Not in time ends the step.
 */
export async function seenEverywhere(
  run: Run,
  step: PlannedStep & { spec: { resolvers: string[]; within: string } },
  { changes, forMs = 0 }: { changes: Change[]; forMs?: number },
): Promise<void> {
  const { spec } = step
  const holding: Holding = {
    key: 'everywhere',
    title: `${forMs === 0 ? '' : 'old answers running out in every cache, new ones '}seen at every authoritative server and resolver`,
    forMs,
    // Time alone ends a wait: a watch that asks for no good look is its own clock, with fewer events than a timer beside it.
    subjects: guardsOf(run.plan, run.state, { step, good: forMs === 0 ? 1 : 0 }),
    gating: forMs === 0 ? null : { extendMs: 0 },
    confirm: changes.map(({ connection, target, desired }) => ({
      connection,
      target,
      desired,
      options: { resolvers: spec.resolvers },
      everyMs: ASK_EVERY_MS,
      withinMs: forMs + milliseconds(spec.within),
      otherwise: 'fail',
    })),
  }
  try {
    await hold(run, holding)
  } catch (error) {
    if (!(error instanceof StepFailed) || error.failed.kind !== 'Timeout') throw error
    const last = error.failed.message.replace(/^not in time: /, '')
    const since = forMs === 0 ? '' : ' after the old answers had run out'
    const message = `not seen everywhere within ${spec.within}${since}: ${last}`
    throw new StepFailed({ ...error.failed, message })
  }
}
