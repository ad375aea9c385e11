// The way back: `before` of every target that was or may have been changed, newest first, until done or taken over.
import { CancellationScope, condition, sleep } from '@temporalio/workflow'
import type { Restored } from '../activities.ts'
import { milliseconds } from '../quantities.ts'
import { calls } from './calls.ts'
import { type Failed, failedWith } from './failures.ts'
import { ask, gateId, notify } from './gates.ts'
import { drainedBy, leansOn } from './draining.ts'
import { onItsWayUntil, ours, restorationsOf } from './journal.ts'
import { stopLooking } from './looking.ts'
import { measure } from './measure.ts'
import { describe, publish } from './publish.ts'
import type { Run } from './run.ts'
import { describeReason } from './reason.ts'
import { connectionOf, log } from './run.ts'
import { show } from './show.ts'
import type { Outcome, Reason, Restoration } from './state.ts'
import { leftUntil } from './time.ts'

/**
 * Restores the world. Returns when every target is back, or a person has taken over what could not be restored.
 * Must run outside the forward scope: nothing cancels it.
 */
export async function unwind(run: Run, reason: Reason): Promise<Outcome> {
  const { state, plan } = run
  state.phase = 'unwinding'
  state.unwindingSince = Date.now()
  state.restorations = restorationsOf(state)
  state.remainder = [] // what was left on the way there is judged anew: every target is looked at
  publish(plan, state)
  measure.unwind(plan.service, reason.kind)
  void notify(run, {
    key: 'unwinding',
    title: `${plan.service} is going back`,
    text: describeReason(reason),
    level: 'alarm',
  })

  const last = state.restorations.at(-1)
  const slow: Promise<void>[] = [] // targets that need more than the first tries: they go on beside the others
  for (const restoration of state.restorations) {
    if (leansOn(run, restoration).some(({ status }) => status !== 'restored')) {
      slow.push(restoreAfter(run, restoration))
      continue
    }
    await drain(run, restoration)
    const failed = await tryRestore(run, restoration)
    if (failed !== null) slow.push(restoreWithPeople(run, restoration, failed))
    if (restoration === last) break
    stopLooking(run)
    publish(plan, state)
  }
  await Promise.all(slow)
  const hasWaited = await settle(run, state.restorations)

  state.restoredAt = Date.now()
  measure.restored(plan.service, reason.kind, state.restoredAt - reason.at)
  // What was read back a moment ago, with nothing after it, has been looked at.
  const isFresh = (each: Restoration) => slow.length === 0 && !hasWaited && each === last
  await Promise.all(state.restorations.filter((each) => !isFresh(each)).map((each) => lastLook(run, each)))
  for (const record of state.steps)
    if (record.status === 'done' || record.status === 'running') record.status = 'undone'
  return state.remainder.length === 0 ? 'restored' : 'completed-with-remainder'
}

/** First tries. Returns what they failed with, or null when the target is back. */
async function tryRestore(run: Run, restoration: Restoration): Promise<Failed | null> {
  restoration.status = 'restoring'
  try {
    restored(run, restoration, await calls.restore(summaryOf(restoration), inputOf(run, restoration)))
    return null
  } catch (error) {
    return failedWith(error)
  }
}

/** Retries go on beside an open question, so that a backend that comes back is restored without a person. */
async function restoreWithPeople(run: Run, restoration: Restoration, first: Failed): Promise<void> {
  stopLooking(run)
  let failed: Failed | null = first
  for (let attempt = 1; failed !== null; attempt++) {
    restoration.status = 'stuck' // also when it was back before and a last look found it otherwise
    restoration.note = `${failed.kind}: ${failed.message}`
    const scope = new CancellationScope({ cancellable: true })
    const retries = failed.kind === 'Conflict' ? null : scope.run(() => retryOnAndOn(run, restoration))
    const verb = await askAbout(run, restoration, { attempt, failed })
    scope.cancel()
    await retries
    if ((restoration.status as Restoration['status']) === 'restored') return
    if (verb === 'skip') return leave(run, restoration)
    failed = await tryRestore(run, restoration)
  }
}

async function retryOnAndOn(run: Run, restoration: Restoration): Promise<void> {
  const summary = `${summaryOf(restoration)}, again and again`
  try {
    restored(run, restoration, await calls.restoreOnAndOn(summary, inputOf(run, restoration)))
  } catch {
    // Of no use any more, or cancelled because a person answered: the target is looked at again before anything is believed.
  }
}

/** Asks until a person answers or the retries have done it; null = done. */
async function askAbout(
  run: Run,
  restoration: Restoration,
  { attempt, failed }: { attempt: number; failed: Failed },
) {
  const scope = new CancellationScope({ cancellable: true })
  const done = condition(() => restoration.status === 'restored').then(() => scope.cancel())
  try {
    return await scope.run(() =>
      ask(run, {
        kind: 'restore',
        id: gateId('restore', restoration, String(attempt)),
        title: `${restoration.connection} ${restoration.target} could not be restored to ${show(restoration.before)}`,
        waitsFor: `a person: ${failed.kind}: ${failed.message}; retry = try now, skip = leave it as it is and list it`,
        allows: ['retry', 'skip'],
      }),
    )
  } catch (error) {
    if (restoration.status === 'restored') return null
    throw error
  } finally {
    void done
  }
}

/**
 * Capacity goes back only behind the traffic that uses it: while that is stuck on the new side its instances stay, and
 * when a person has left it there they are left as well.
 */
async function restoreAfter(run: Run, restoration: Restoration): Promise<void> {
  const earlier = leansOn(run, restoration)
  await condition(() => earlier.every(isSettled))
  const kept = earlier.find(({ status }) => status === 'left')
  if (kept !== undefined) {
    restoration.note = `${kept.connection} ${kept.target} was left as it is, and may need it`
    return leave(run, restoration)
  }
  await drain(run, restoration)
  const failed = await tryRestore(run, restoration)
  if (failed !== null) await restoreWithPeople(run, restoration, failed)
}

function isSettled({ status }: Restoration): boolean {
  return status === 'restored' || status === 'left'
}

/** Waits until instances may go; what may still change under them is looked at again first. */
async function drain(run: Run, next: Restoration): Promise<void> {
  const drainedAt = drainedBy(run, next)
  if (drainedAt !== null) {
    await sleep(leftUntil(drainedAt), {
      summary: `drain before ${next.connection} ${next.target} is restored`,
    })
  }
  await settle(run, leansOn(run, next))
}

/**
 * A write that was given up may land after its undo: wait longer than the backend can take, look again, restore again.
 * False = there was none.
 */
async function settle(run: Run, among: Restoration[]): Promise<boolean> {
  const uncertain = among.filter(({ status, settled }) => status === 'restored' && !settled)
  if (uncertain.length === 0) return false
  const ends = uncertain.map(
    (each) =>
      onItsWayUntil(run.state.changes, each, each.at ?? 0) +
      milliseconds(connectionOf(run, each.connection).landsWithin),
  )
  await sleep(leftUntil(Math.max(...ends)), { summary: 'settle: a write may still land' })
  await Promise.all(
    uncertain.map(async (restoration) => {
      restoration.settled = true
      const failed = await tryRestore(run, restoration)
      if (failed !== null) await restoreWithPeople(run, restoration, failed)
    }),
  )
  return true
}

/** Like `completed`, `restored` is never said over a world that somebody changed meanwhile. */
async function lastLook(run: Run, restoration: Restoration): Promise<void> {
  if (restoration.status !== 'restored') return
  const { connection, target } = restoration
  try {
    const found = await calls.restore(`last look at ${connection} ${target}`, inputOf(run, restoration))
    if (found.written === 'written') restored(run, restoration, found)
  } catch (error) {
    await restoreWithPeople(run, restoration, failedWith(error))
  }
}

function restored(run: Run, restoration: Restoration, { written }: Restored): void {
  restoration.status = 'restored'
  if (written === 'written' || restoration.at === null) restoration.at = Date.now() // a later look that finds it so is not news
  restoration.note = null
  log(
    run,
    `${restoration.connection} ${restoration.target} ${written === 'written' ? 'restored to' : 'already back at'} ${show(restoration.before)}`,
  )
  if (restoration.target === 'split' && connectionOf(run, restoration.connection).port === 'traffic') {
    const split = restoration.before as { old: number; new: number }
    run.state.weights = { old: split.old, new: split.new }
    describe(run.plan, run.state)
    measure.weights(run.plan.service, run.state.weights)
  }
}

function leave(run: Run, restoration: Restoration): void {
  restoration.status = 'left'
  run.state.remainder.push({
    connection: restoration.connection,
    target: restoration.target,
    note: `not restored: ${restoration.note}`,
  })
  log(run, `${restoration.connection} ${restoration.target} left to a person`)
}

function inputOf(run: Run, restoration: Restoration) {
  const { connection, target, before } = restoration
  return {
    connection: connectionOf(run, connection),
    target,
    before,
    ours: ours(run.state.changes, restoration),
  }
}

function summaryOf({ connection, target, before }: Restoration): string {
  return `restore ${connection} ${target} to ${show(before)}`
}
