// Restoring one target: a first try that nobody waits long for, a few more, as long as an accepted write may need to show, and
// then for as long as it takes, with a person asked beside it.
import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow'
import type { RestoreInput, Restored } from '../activities.ts'
import type { Json } from '../json.ts'
import { milliseconds } from '../quantities.ts'
import { calls } from './calls.ts'
import type { Failed } from '../failure.ts'
import { stopLooks } from './looks.ts'
import { drainedBy, noticesMs, prerequisitesOf } from './drain.ts'
import { failedWith, foundBy } from './failures.ts'
import { halvesOf, onItsWayUntil, ours } from './journal.ts'
import { locksAgain } from './locks.ts'
import { ask, closeCarried, gateId } from './questions.ts'
import { isReset, plannedValues } from './planned-values.ts'
import type { Run } from './run.ts'
import { connectionOf, label, log, stepOf } from './run.ts'
import { recordFound } from './record-traffic.ts'
import { show } from './show.ts'
import { showsWithinMs } from './shows-within.ts'
import type { Restoration, Verb } from './state.ts'
import { leftUntil } from './time.ts'

type Attempt = (summary: string, input: RestoreInput) => Promise<Restored>

/** One try, so that a target that fails does not hold up the older ones. Returns what it failed with; null = back. */
export async function firstTry(run: Run, restoration: Restoration): Promise<Failed | null> {
  return await attempt(run, restoration, calls.restoreFirst)
}

/** A few tries. Returns what the last one failed with; null = the target is back. */
export async function tryRestore(run: Run, restoration: Restoration): Promise<Failed | null> {
  return await attempt(run, restoration, calls.restore)
}

async function attempt(run: Run, restoration: Restoration, call: Attempt): Promise<Failed | null> {
  restoration.status = 'restoring'
  const input = inputOf(run, restoration)
  restoration.isTried = true
  run.tries.alone += 1
  try {
    const answer = await call(summaryOf(run, restoration), input)
    if (answer.tries > 1) restoration.isRetried = true
    restored(run, restoration, answer)
    return null
  } catch (error) {
    restoration.isRetried = true
    return failedWith(error)
  } finally {
    run.tries.alone -= 1
  }
}

/** Until the target is back, or a person has taken it over. */
export async function restoreNow(run: Run, restoration: Restoration): Promise<void> {
  const failed = await tryRestore(run, restoration)
  if (failed !== null) await restoreOn(run, restoration, failed)
}

/** After a try that failed: until the target is back, or a person has taken it over. */
export async function restoreOn(run: Run, restoration: Restoration, first: Failed): Promise<void> {
  stopLooks(run)
  restoration.note = noteOf(first)
  let failed: Failed | null = first.kind === 'Conflict' ? first : await tryRestore(run, restoration)
  if (failed !== null && failed.details?.['accepted'] === true) failed = await untilShown(run, restoration)
  if (failed !== null) await restoreWithPeople(run, restoration, failed)
}

/** What was written back and does not show yet is no reason to ask anybody before the provider's time for it is over. */
async function untilShown(run: Run, restoration: Restoration): Promise<Failed | null> {
  restoration.note = 'written back; it does not show yet'
  const withinMs = showsWithinMs(run, restoration.connection)
  return await attempt(run, restoration, (summary, input) =>
    calls.restoreUntilShown(`${summary}, until it shows`, input, withinMs),
  )
}

/** Retries go on beside an open question, so that a backend that comes back is restored without a person. */
async function restoreWithPeople(run: Run, restoration: Restoration, first: Failed): Promise<void> {
  for (let failed: Failed | null = first; failed !== null;) {
    restoration.status = 'stuck' // also when it was back before and a last look found it otherwise
    restoration.at = null // whoever puts it back: since then it is back, not since the first time
    restoration.note = noteOf(failed)
    const scope = new CancellationScope({ cancellable: true })
    const retried: Retried = { failed: null }
    const retries =
      failed.kind === 'Conflict' ? null : scope.run(() => retryOnAndOn(run, restoration, retried))
    let verb: Verb | null
    try {
      verb = await askAbout(run, restoration, { failed, retried })
    } finally {
      scope.cancel()
      await retries
    }
    if ((restoration.status as Restoration['status']) === 'restored') return
    if (verb === 'skip') return leaveAsFound(run, restoration, foundBy(failed).found)
    // Somebody else's value met by the retries is another question than the one that was open.
    failed = verb === null ? retried.failed : await tryRestore(run, restoration)
  }
}

type Retried = { failed: Failed | null }

async function retryOnAndOn(run: Run, restoration: Restoration, retried: Retried): Promise<void> {
  const summary = `${summaryOf(run, restoration)}, again and again`
  run.tries.beside += 1
  try {
    restored(run, restoration, await calls.restoreOnAndOn(summary, inputOf(run, restoration)))
  } catch (error) {
    // Cancelled because a person answered: the target is looked at again before anything is believed.
    if (!CancellationScope.current().consideredCancelled) retried.failed = failedWith(error)
  } finally {
    run.tries.beside -= 1
  }
}

/** Asks until a person answers, or the retries have come to an end of their own; null = they have. */
async function askAbout(
  run: Run,
  restoration: Restoration,
  { failed, retried }: { failed: Failed; retried: Retried },
) {
  const isOver = () => restoration.status === 'restored' || retried.failed !== null
  const scope = new CancellationScope({ cancellable: true })
  const done = condition(isOver).then(
    () => scope.cancel(),
    () => {}, // a new history is due: the question itself says so
  )
  run.now.settledAt ??= workflowInfo().historyLength
  try {
    return await scope.run(() =>
      ask(run, {
        kind: 'restore',
        id: gateOf(run, restoration),
        title: titleOf(run, restoration),
        waitsFor: `a person: ${noteOf(failed)}; retry = try now, skip = ${skipWords(run)}`,
        allows: ['retry', 'skip'],
      }),
    )
  } catch (error) {
    if (isOver()) return null
    throw error
  } finally {
    void done
  }
}

/** Waits until instances may go; what may still change under them is looked at again first. */
export async function drain(run: Run, next: Restoration): Promise<void> {
  const drainedAt = drainedBy(run)
  if (drainedAt !== null) {
    const noticed = noticesMs(run, next)
    const end = drainedAt + noticed
    const why = noticed > 0 ? 'its autoscaler must notice that users are back' : 'users are leaving it'
    next.note = `waits until ${new Date(end).toISOString().slice(11, 19)} UTC: ${why}`
    await sleep(leftUntil(end), {
      summary: `drain before ${next.connection} ${next.target} is restored`,
    })
    next.note = null
  }
  await settle(run, prerequisitesOf(run))
}

/**
 * A write that was given up may land after its undo, and one that was accepted may show after it: wait longer than the backend
 * can take, look again, restore again. False = there was none.
 */
export async function settle(run: Run, among: Restoration[]): Promise<boolean> {
  const uncertain = among.filter(({ status, settled }) => status === 'restored' && !settled)
  if (uncertain.length === 0) return false
  const ends = uncertain.map(
    (each) => onItsWayUntil(run.state.changes, each, each.at ?? 0) + uncertainMs(run, each),
  )
  await sleep(leftUntil(Math.max(...ends)), { summary: 'settle: a write may still land, or still show' })
  await Promise.all(
    uncertain.map(async (restoration) => {
      restoration.settled = true
      await restoreNow(run, restoration)
    }),
  )
  return true
}

function uncertainMs(run: Run, { connection: name }: Restoration): number {
  const { landsWithin, showsWithin } = connectionOf(run, name)
  return Math.max(milliseconds(landsWithin), milliseconds(showsWithin))
}

/** Like `completed`, `restored` is never said over a world that somebody changed meanwhile. */
export async function lastLook(run: Run, restoration: Restoration): Promise<void> {
  if (restoration.status !== 'restored') return
  const { connection, target } = restoration
  let failed: Failed | null = null
  run.tries.alone += 1
  try {
    const found = await calls.restore(`last look at ${connection} ${target}`, inputOf(run, restoration))
    if (found.written === 'written') restored(run, restoration, found)
  } catch (error) {
    failed = failedWith(error)
  } finally {
    run.tries.alone -= 1
  }
  if (failed !== null) await restoreOn(run, restoration, failed)
}

/** Whether a target is back, without a write. Null = it is; else what the look has met: `Conflict` where it holds anything else. */
export async function lookOnly(run: Run, restoration: Restoration): Promise<Failed | null> {
  const { connection, target } = restoration
  run.tries.alone += 1
  try {
    const nothing = { ours: [], halves: [], isUncertain: false, isRepeated: false }
    await calls.restore(`last look at ${connection} ${target}`, { ...inputOf(run, restoration), ...nothing })
    return null
  } catch (error) {
    return failedWith(error)
  } finally {
    run.tries.alone -= 1
  }
}

/** `found`: what it holds, as far as anybody knows; null = nobody does. */
export function leaveAsFound(run: Run, restoration: Restoration, found: Json): void {
  restoration.status = 'left'
  run.state.remainder.push({
    connection: restoration.connection,
    target: restoration.target,
    note: `not restored: ${restoration.note}`,
  })
  recordFound(run, restoration, found)
  log(run, `${restoration.connection} ${restoration.target} left to a person`)
}

function restored(run: Run, restoration: Restoration, { written }: Restored): void {
  restoration.status = 'restored'
  if (written === 'written' || restoration.at === null) restoration.at = Date.now() // a later look that finds it so is not news
  restoration.note = null
  closeCarried(run, gateOf(run, restoration))
  const [done, found] = run.undo === null ? ['restored to', 'already back at'] : ['set to', 'already is']
  log(
    run,
    `${restoration.connection} ${restoration.target} ${written === 'written' ? done : found} ${show(restoration.before)}`,
  )
  recordFound(run, restoration, restoration.before)
}

function inputOf(run: Run, restoration: Restoration): RestoreInput {
  const { connection, target, before, settled, isLost = false, isTried = false } = restoration
  const { changes } = run.state
  return {
    connection: connectionOf(run, connection),
    target,
    before,
    ours: [
      ...ours(changes, restoration),
      ...(isLost || isReset(run.state) ? plannedValues(run.plan, restoration) : []),
      ...(restoration.lostValues ?? []),
    ],
    halves: halvesOf(changes, restoration),
    isUncertain: !settled,
    isRepeated: isTried,
    ...locksAgain(run, restoration),
  }
}

function summaryOf(run: Run, { connection, target, before }: Restoration): string {
  return run.undo === null
    ? `restore ${connection} ${target} to ${show(before)}`
    : `${label(run)} - ${connection} ${target} ${show(before)}`
}

/** What the way back of a step changes is a question of that step; the target itself may be one later. */
export function gateOf({ undo }: Run, restoration: Restoration): string {
  return gateId(undo === null ? 'restore' : `${undo.step}/undo`, restoration)
}

function titleOf(run: Run, { connection, target, before }: Restoration): string {
  return run.undo === null
    ? `${connection} ${target} could not be restored to ${show(before)}`
    : `${connection} ${target} could not be set to ${show(before)} on the way back over ${stepOf(run).title}`
}

/** What a person takes over with `skip`. */
export function skipWords({ undo }: Run): string {
  return undo === null
    ? 'leave it as it is and list it'
    : "leave the rest of this step's way back to people and list it"
}

function noteOf({ kind, message }: Failed): string {
  return `${kind}: ${message}`
}
