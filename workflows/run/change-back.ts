// `change` on the way back of a step (undo.ts): recorded before the world is touched, then brought about as a target is restored:
// over whatever this run may have left there, never over somebody else's value, and for as long as it takes.
import { foundAtStart } from '../found.ts'
import type { Json } from '../json.ts'
import { sameJson } from '../json.ts'
import { LeftToPeople } from './failures.ts'
import { isOf, isUncertain, lastKnown, restorationsOf } from './journal.ts'
import { measure } from './measure.ts'
import { observe } from './observe.ts'
import { closeCarried } from './questions.ts'
import { once } from './renewal.ts'
import { firstTry, gateOf, restoreOn, settle } from './restore.ts'
import type { Run } from './run.ts'
import { note } from './run.ts'
import { show } from './show.ts'
import { expireAgain } from './suspensions.ts'
import type { Change, Restoration, Undo } from './state.ts'
import { tell } from './way-back.ts'

type Of = { connection: string; target: string }
type ChangeBack = Of & { desired: Json | ((before: Json) => Json) }

/**
 * What a target held before the step that is being taken back changed it: where the way back leads. It is the value now, if the
 * step has not come to it.
 */
export async function valueBefore<V extends Json>(run: Run, of: Of): Promise<V> {
  const { connection, target } = of
  const value = await once(run, `before ${connection} ${target}`, async () => {
    const isOfStep = ({ step, isBack }: Change) => step === run.undo?.step && isBack !== true
    return (
      run.state.changes.find((change) => isOfStep(change) && isOf(change, of))?.before ?? present(run, of)
    )
  })
  return value as V
}

/** Over when the target holds the value and nothing that was ordered before can land or show over it. Made one after the other. */
export async function changeBack(run: Run, undo: Undo, wanted: ChangeBack): Promise<Change> {
  const change = isTakenUp(undo, wanted) ? undo.change : await intend(run, undo, wanted)
  undo.change = change
  const entry = run.state.changes[change.number - 1] as Change
  tell(run, undo, `its step is being undone: ${change.connection} ${change.target} to ${show(change.before)}`)
  const expiring = () => expireAgain(run, { ...change, desired: change.before })
  if (has(change, 'restored')) {
    closeCarried(run, gateOf(run, change)) // in the moment of a renewal
    await expiring()
  } else {
    entry.status = 'unknown'
    const failed = await bothOf(firstTry(run, change), expiring())
    if (failed !== null) await restoreOn(run, change, failed)
    expectDone(undo, change)
    entry.retried = change.isRetried === true
    if (entry.retried) change.settled = false
    measure.change(run.plan.service, change.connection, change.target)
  }
  entry.status = 'applied'
  entry.verified = true
  entry.appliedAt = change.at
  await settle(run, [change])
  expectDone(undo, change)
  for (const each of run.state.changes) if (isOf(each, change)) each.isOver = true
  for (const each of run.state.restorations) if (isOf(each, change)) each.settled = true
  note(
    run,
    `${change.connection} ${change.target}: ${show(entry.before)} -> ${show(entry.desired)}, on the way back`,
  )
  undo.change = null
  return entry
}

/** What `first` comes to when both are over: neither waits for the other, and none goes on behind a failure. */
async function bothOf<T>(first: Promise<T>, beside: Promise<void>): Promise<T> {
  const [one, other] = await Promise.allSettled([first, beside])
  if (one.status === 'rejected') throw one.reason
  if (other.status === 'rejected') throw other.reason
  return one.value
}

/** The change that an earlier history, or an earlier try, has begun. */
function isTakenUp(undo: Undo, wanted: ChangeBack): undo is Undo & { change: NonNullable<Undo['change']> } {
  const { change } = undo
  if (change === null || !isOf(change, wanted)) return false
  return typeof wanted.desired === 'function' || sameJson(change.before, wanted.desired)
}

async function intend(run: Run, { step }: Undo, wanted: ChangeBack): Promise<NonNullable<Undo['change']>> {
  const { connection, target } = wanted
  const { changes, restorations } = run.state
  const before = await present(run, wanted)
  const desired = typeof wanted.desired === 'function' ? wanted.desired(before) : wanted.desired
  const settled = !isUncertain(changes, wanted)
  const number = changes.length + 1
  const fresh = {
    status: 'intended',
    verified: false,
    retried: false,
    appliedAt: null,
    isBack: true,
  } as const
  changes.push({ number, step, connection, target, before, desired, at: Date.now(), ...fresh })
  if (!restorations.some((each) => isOf(each, wanted)))
    restorations.push(...restorationsOf(run.state, [{ connection, target }]))
  return { number, connection, target, before: desired, status: 'pending', note: null, at: null, settled }
}

async function present(run: Run, of: Of): Promise<Json> {
  const known = lastKnown(run.state.changes, of) ?? foundAtStart(run.plan, of)
  return known ?? (await observe(run, of, 'look at')).value
}

function expectDone(undo: Undo, change: Restoration): void {
  if (!has(change, 'left')) return
  undo.change = null
  throw new LeftToPeople(`${change.connection} ${change.target}: ${change.note}`)
}

/** What others may have done to it meanwhile. */
function has({ status }: Restoration, wanted: Restoration['status']): boolean {
  return status === wanted
}
