// The way back: `before` of every target that was or may have been changed, newest first, until done or taken over.
// How one target is restored stands in restore.ts, how a step goes back that has its own way in walk.ts; here is the order, and what
// is looked at before `restored` is said.
import { condition } from '@temporalio/workflow'
import { changingFacts } from '../ports/facts.ts'
import { isReleasedLast, isRestoredLast, prerequisitesOf, sideBySide } from './drain.ts'
import { closeCarried, gateId, notify } from './questions.ts'
import { workEnded } from './job.ts'
import { isOf, isWritten, restorationsOf, touched } from './journal.ts'
import { stopLooks } from './looks.ts'
import { measure } from './measure.ts'
import { publish } from './publish.ts'
import { describeReason } from './reason.ts'
import { lookAgain } from './look-again.ts'
import { drain, firstTry, leaveAsFound, restoreOn, settle } from './restore.ts'
import { lostWrites } from './revisit.ts'
import type { Run } from './run.ts'
import type { Outcome, Reason, Restoration, Undo } from './state.ts'
import { hasUndo, restoreBehindUndos, walk } from './walk.ts'
import {
  addLostUndos,
  isOver,
  isSettled,
  isTakenBackLast,
  targetsOf,
  undosAbout,
  undosOf,
} from './way-back.ts'

/**
 * Restores the world. Returns when every target is back, or a person has taken over what could not be restored.
 * Must run outside the forward scope: nothing cancels it.
 */
export async function unwind(run: Run, reason: Reason): Promise<Outcome> {
  const { state, plan } = run
  const isResumed = state.unwindingSince !== null // by a new history
  if (isResumed) closeSettled(run)
  else begin(run, reason)
  run.now.lookAgain = (restorations) => lookAgain(run, restorations)
  const last = state.restorations.at(-1)
  const beside: Promise<void>[] = [] // what needs more than a first try goes on beside the others: this loop never sleeps
  const begun: Undo[] = []
  const takeBackOnce = (undo: Undo) => {
    if (begun.includes(undo) || isTakenBackLast(run, undo)) return
    begun.push(undo)
    beside.push(takeBack(run, undo))
  }
  for (const group of sideBySide(run, state.restorations)) {
    const open = group.filter((each) => {
      const own = undosAbout(run, each)
      own.forEach(takeBackOnce)
      return own.length === 0 && !isRestoredLast(run, each) && !isReleasedLast(run, each) && !isSettled(each)
    })
    if (open.length === 0) continue
    await Promise.all(
      open.map(async (restoration) => {
        const failed = await firstTry(run, restoration)
        if (failed !== null) beside.push(restoreOn(run, restoration, failed))
      }),
    )
    if (open.includes(last as Restoration)) break
    stopLooks(run)
    publish(plan, state)
  }
  const { looks, lost } = await lostWrites(run)
  const instances = state.restorations.filter((each) => isRestoredLast(run, each) && !isSettled(each))
  for (const restoration of lost) {
    const known = state.restorations.find((each) => isOf(each, restoration)) // a step's way back has come to it meanwhile
    if (known === undefined) state.restorations.push(restoration)
    else Object.assign(known, { isLost: true, lostValues: restoration.lostValues })
    addLostUndos(run, restoration, hasUndo)
    undosAbout(run, restoration).forEach(takeBackOnce)
    if (known !== undefined) continue
    if (isRestoredLast(run, restoration)) instances.push(restoration)
    else if (!isReleasedLast(run, restoration)) beside.push(restoreBehindUndos(run, restoration))
  }
  beside.push(...instances.map((restoration) => restoreBehindTraffic(run, restoration)))
  await Promise.all(beside)
  const more = state.restorations.filter((each) => !isSettled(each) && !isReleasedLast(run, each)) // instances that a step's way back alone has come to
  await Promise.all(more.map((each) => restoreBehindTraffic(run, each)))
  if (run.working.length > 0) stopLooks(run)
  await workEnded(run)
  const hasWaited = await settle(run, state.restorations)

  if (state.restoredAt === null) {
    state.restoredAt = Date.now()
    measure.restored(plan.service, reason.kind, state.restoredAt - reason.at)
  }
  const isReleased = await release(run)
  // What was read back a moment ago, with nothing after it, has been looked at.
  const isFresh = (each: Restoration) =>
    each === last && beside.length === 0 && looks === 0 && !hasWaited && !isResumed && !isReleased
  await lookAgain(
    run,
    state.restorations.filter((each) => !isFresh(each)),
  )
  for (const record of state.steps)
    if (record.status === 'done' || record.status === 'running') record.status = 'undone'
  closeSettled(run)
  return state.remainder.length === 0 ? 'restored' : 'completed-with-remainder'
}

function begin(run: Run, reason: Reason): void {
  const { state, plan } = run
  const now = Date.now()
  state.phase = 'unwinding'
  state.unwindingSince = now
  // Instances that nobody had to order are an autoscaler's affair; traffic and names that already were as wanted are not.
  state.restorations = restorationsOf(
    state,
    touched(state.changes).filter(
      (of) =>
        isWritten(state.changes, of) ||
        changingFacts(plan.connections[of.connection]?.port)?.drifts !== false,
    ),
  )
  state.undos = undosOf(run, hasUndo)
  state.remainder = [] // what was left on the way there is judged anew: every target is looked at
  for (const record of state.steps) if (record.status === 'running') record.endedAt ??= now
  publish(plan, state)
  measure.unwind(plan.service, reason.kind)
  void notify(run, {
    key: 'unwinding',
    title: `${plan.service} is going back`,
    text: describeReason(reason),
    level: 'alarm',
  })
}

/**
 * What puts back by itself what it takes for true, behind everything else: while anything is not back, it would fight the way back, or
 * take instances from under users who are leaving them. False = there was none.
 */
async function release(run: Run): Promise<boolean> {
  const { state } = run
  const lastly = state.undos.filter((undo) => isTakenBackLast(run, undo))
  const open = state.restorations.filter((each) => isReleasedLast(run, each) && !isSettled(each))
  for (const undo of lastly) await takeBack(run, undo)
  for (const restoration of open) await restoreBehindUndos(run, restoration)
  return lastly.length + open.length > 0
}

/** A step by its own way, and then what it changed: whatever that way has left, each target ends at what was there first. */
async function takeBack(run: Run, undo: Undo): Promise<void> {
  await walk(run, undo)
  const last = (each: Restoration) => undosAbout(run, each).at(-1) === undo
  const own = targetsOf(run, undo).filter((each) => !isRestoredLast(run, each) && last(each))
  await Promise.all(own.map((each) => restoreBehindUndos(run, each)))
}

/**
 * Instances go last, only behind the traffic and the names that lead users to them: while one of these is stuck on the new
 * side its instances stay, and when a person has left it there they are left as well.
 */
async function restoreBehindTraffic(run: Run, restoration: Restoration): Promise<void> {
  let backSince: number | null
  do {
    await condition(() => prerequisitesOf(run).every(isSettled) && isOtherwiseOver(run))
    backSince = backAt(run)
    await drain(run, restoration)
    await lookAgain(run, prerequisitesOf(run))
  } while (backAt(run) !== backSince) // somebody had led users back meanwhile: the drain begins anew
  const kept = prerequisitesOf(run).find(({ status }) => status === 'left')
  if (kept !== undefined) {
    restoration.note = `${kept.connection} ${kept.target} was left as it is, and may need it`
    return leaveAsFound(run, restoration, null)
  }
  await restoreBehindUndos(run, restoration)
}

function isOtherwiseOver(run: Run): boolean {
  return run.state.undos.every((undo) => isOver(undo) || isTakenBackLast(run, undo))
}

/** Since when all that capacity leans on has been back; null = there is no such thing. */
function backAt(run: Run): number | null {
  const moments = prerequisitesOf(run).flatMap(({ at }) => (at === null ? [] : [at]))
  return moments.length === 0 ? null : Math.max(...moments)
}

/** Questions that nobody waits at any more: their targets came back in the moment of a renewal. */
function closeSettled(run: Run): void {
  for (const each of run.state.restorations.filter(isSettled)) closeCarried(run, gateId('restore', each))
}
