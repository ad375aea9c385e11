// Reconcilers that this run has suspended: since when others see to their end as well (workflows/expiry.ts), which of the run's objects
// each declares, and what must be declared in the end.
import { patched } from '@temporalio/workflow'
import type { ExpiryInput } from '../activities.ts'
import type { Json } from '../json.ts'
import { sameJson } from '../json.ts'
import { changingFacts } from '../ports/facts.ts'
import type { ReconcilerFacts, Reconciling } from '../ports/reconciler.ts'
import { RECONCILING, SUSPENDED } from '../ports/reconciler.ts'
import { kindOf } from '../steps/kind-of.ts'
import { calls } from './calls.ts'
import { failedWith } from './failures.ts'
import { isOf, isWritten, lastKnown, touched } from './journal.ts'
import { holderOf } from './locks.ts'
import { observe } from './observe.ts'
import type { Run } from './run.ts'
import { checkpoint, connectionOf, label, log, note } from './run.ts'
import type { Suspension } from './state.ts'

type Of = { connection: string; target: string }

/** By its policy, which a suspension leaves in place: an expiry is begun before anybody has looked. */
const GOING_ON: Reconciling = { suspended: false }

/** Before the suspension itself: whatever becomes of the run, somebody else ends it then. */
export async function beginExpiry(
  run: Run,
  { connection, target, forMs }: Of & { forMs: number },
): Promise<null> {
  const known = run.state.suspensions?.find((each) => isOf(each, { connection, target }))
  const until = Math.max(known?.until ?? 0, Date.now() + forMs) // never sooner than a person has said
  const suspension: Suspension = { connection, target, objects: known?.objects ?? [], until }
  const summary = `${label(run)} - ${connection}: ends by itself`
  await calls.expire(summary, inputOf(run, suspension, suspension.until))
  run.state.suspensions = [
    ...(run.state.suspensions ?? []).filter((each) => !isOf(each, suspension)),
    suspension,
  ]
  const moment = new Date(suspension.until).toISOString()
  note(run, `${connection} goes on by itself at ${moment}, whatever becomes of this run`)
  checkpoint(run)
  return null
}

/**
 * Before a way back suspends again: an expiry that came meanwhile has let it go on, or had nothing to do because it was handed back,
 * and is over. Without one more, nobody but this run would ever end it. The clock does not decide whether: it is moved if it is not over.
 */
export async function expireAgain(
  run: Run,
  { connection, target, desired }: Of & { desired: Json },
): Promise<void> {
  const isKnown = run.state.suspensions?.some((each) => isOf(each, { connection, target })) === true
  if (!isKnown || !sameJson(desired, SUSPENDED)) return
  if (!patched('suspended-again-expires-again')) return // a run that was on its way back before this was so
  await beginExpiry(run, { connection, target, forMs: forMsOf(run, connection) })
}

/** As its runbook says; zero = no step of it suspends that. */
function forMsOf({ plan }: Run, connection: string): number {
  const suspending = plan.steps.map((step) => kindOf(step).suspends?.(step.spec))
  return suspending.find((each) => each?.connections.includes(connection) === true)?.forMs ?? 0
}

/** More time for a run is more time for what it has suspended. Not waited for; a new history begins only behind it. */
export async function extendExpiries(run: Run, ms: number): Promise<void> {
  run.now.adjusting += 1
  try {
    for (const suspension of run.state.suspensions ?? []) await extendExpiry(run, suspension, ms)
  } finally {
    run.now.adjusting -= 1
  }
}

/** One that cannot be moved holds up no other. */
async function extendExpiry(run: Run, suspension: Suspension, ms: number): Promise<void> {
  const { connection } = suspension
  suspension.until += ms // at once: more time may be given before this is answered
  const { until } = suspension
  try {
    await run.looks.run(() => calls.expire(`${connection}: ends later`, inputOf(run, suspension, until)))
    log(run, `${connection} goes on by itself at ${new Date(until).toISOString()} now`)
  } catch (error) {
    const { message } = failedWith(error)
    suspension.until -= ms
    log(run, `the expiry of the suspension of ${connection} could not be moved: ${message}`)
  }
}

/** At the end of a run: nothing is left to expire, except where it is left suspended. */
export async function endExpiries(run: Run): Promise<void> {
  for (const suspension of run.state.suspensions ?? []) {
    const { connection } = suspension
    const isLeft =
      run.state.remainder.some((each) => isOf(each, suspension)) || isStillSuspended(run, suspension)
    // One that this run has come to nothing with may be that of an earlier run, which nobody else would end.
    if (isLeft || !run.state.changes.some((each) => isOf(each, suspension))) {
      log(run, `${connection} goes on by itself at ${new Date(suspension.until).toISOString()}`)
      continue
    }
    try {
      await calls.expire(`${connection}: nothing is left to expire`, inputOf(run, suspension, null))
    } catch (error) {
      log(run, `an expiry was not ended, and will find nothing to do: ${failedWith(error).message}`)
    }
  }
}

/** A person has skipped the step that would have handed it back. */
function isStillSuspended({ state: { changes, restorations } }: Run, of: Of): boolean {
  if (restorations.some((each) => isOf(each, of))) return false // gone back: restored, or on the list
  return sameJson(lastKnown(changes, of) ?? null, SUSPENDED)
}

function inputOf(run: Run, { connection, target }: Suspension, until: number | null): ExpiryInput {
  const { plan } = run
  const { locks, holder } = holderOf(run, { connection, target })
  return {
    key: locks[0] ?? `${plan.service} ${connection}`,
    run: `${holder.workflowId} ${holder.firstRunId}`,
    service: plan.service,
    connection: connectionOf(run, connection),
    target,
    before: GOING_ON,
    ours: [SUSPENDED],
    until,
    notify: plan.notify.map((name) => connectionOf(run, name)),
  }
}

/** Whether a suspension of this run was seen to be so. */
export function isSuspendedByRun({ state: { changes } }: Run, of: Of): boolean {
  return changes.some(
    (change) => isOf(change, of) && change.verified && change.status !== 'noop' && change.isBack !== true,
  )
}

/** Which objects of this run a reconciler declares: what its agreement is asked for. None = it is asked for all of its own. */
export function objectsOf({ state }: Run, of: Of): string[] {
  return state.suspensions?.find((each) => isOf(each, of))?.objects ?? []
}

/** Looks at the targets of the plan, and at whom they name. Nothing fails here: what cannot be looked at is met by its own step. */
export async function noteDeclared(run: Run, of: Of): Promise<null> {
  const [own, ...others] = await Promise.all([of, ...targetsOf(run)].map((each) => looked(run, each)))
  const { names = [] } = (own?.facts ?? {}) as Partial<ReconcilerFacts>
  const objects = others.flatMap((seen) =>
    (seen?.reconcilers ?? []).filter(({ name }) => names.includes(name)).map(({ object }) => object),
  )
  checkpoint(run)
  const known = [...new Set(objects)]
  const suspension = run.state.suspensions?.find((each) => isOf(each, of))
  if (suspension !== undefined) suspension.objects = known
  const words = known.length === 0 ? 'is named by no object of this run' : `declares ${known.join(', ')}`
  note(run, `${of.connection} ${words}`)
  return null
}

/** What must be declared so that it says what this run has set: kept with the run, for people and tools. */
export async function declarations(run: Run): Promise<null> {
  const { changes } = run.state
  const set = touched(changes).filter((of) => isWritten(changes, of) && of.target !== RECONCILING)
  const seen = await Promise.all(
    set.map((of) => looked(run, { ...of, wanted: [lastKnown(changes, of) as Json] })),
  )
  checkpoint(run)
  run.state.declare = seen.flatMap((each) => each?.declares ?? [])
  for (const { object, patch } of run.state.declare)
    note(run, `to be declared: ${object} ${JSON.stringify(patch)}`)
  return null
}

function targetsOf({ plan }: Run): Of[] {
  return plan.targets.filter(
    ({ connection }) => changingFacts(plan.connections[connection]?.port)?.isReleasedLast !== true,
  )
}

async function looked(run: Run, of: Of & { wanted?: Json[] }) {
  try {
    return await observe(run, of, 'look at')
  } catch (error) {
    checkpoint(run)
    note(run, `${of.connection} ${of.target} could not be looked at: ${failedWith(error).message}`)
    return null
  }
}
