// Goes back over one step by its own way (undo.ts): beside the other restorations, which never wait for it, and behind newer such
// ways about the same targets. What it leaves is restored behind it: the journal has the last word.
import { condition } from '@temporalio/workflow'
import type { PlannedStep } from '../plan.ts'
import { undos } from '../steps/undos.ts'
import { stopLooks } from './looks.ts'
import { LeftToPeople, foundBy } from './failures.ts'
import { insist } from './insist.ts'
import { workEnded } from './job.ts'
import { sameJson } from '../json.ts'
import { isOf, lastChange } from './journal.ts'
import { forgetWordsWithin } from './renewal.ts'
import { leaveAsFound, lookOnly, restoreNow } from './restore.ts'
import type { Run } from './run.ts'
import { log, stepOf } from './run.ts'
import type { Restoration, Undo } from './state.ts'
import { isOver, isSettled, targetsOf, tell, undosAbout, undosBefore } from './way-back.ts'

export function hasUndo({ kind }: Pick<PlannedStep, 'kind'>): boolean {
  return Object.hasOwn(undos, kind)
}

/** Returns when the step's own way back is gone, or a person has taken it over. A new history goes on where it was. */
export async function walk(run: Run, undo: Undo): Promise<void> {
  const step = stepOf({ ...run, undo })
  await condition(() => undosBefore(run, undo).every(isOver))
  if (isOver(undo)) return
  stopLooks(run)
  await workEnded(run) // what the step still does must not land between the changes that take it back
  if (undo.status === 'pending') log(run, `undoing ${step.title}`)
  undo.status = 'going'
  tell(run, undo, 'its step is being undone')
  const question = { id: `${step.id}/undo`, title: `${step.title} could not be undone` }
  // Each try begins with the first line: what was done before has its result then, and is not done again.
  const attempt = () => {
    const words = { within: withinOf(undo), said: {} }
    return (undos[step.kind] as (run: Run, step: PlannedStep) => Promise<void>)({ ...run, undo, words }, step)
  }
  try {
    await insist({ ...run, undo }, question, attempt)
    undo.status = 'done'
    log(run, `${step.title} is undone`)
  } catch (error) {
    if (!(error instanceof LeftToPeople)) throw error
    undo.status = 'left'
    log(run, `undoing ${step.title} is left to people: ${error.message}`)
  }
}

/** Once more, from the beginning: something that it had brought back is as the step had set it. */
export async function walkAgain(run: Run, undo: Undo): Promise<void> {
  if (undo.status === 'done') {
    undo.status = 'pending'
    forgetWordsWithin(run, withinOf(undo))
    for (const restoration of targetsOf(run, undo)) {
      if (restoration.status !== 'left') Object.assign(restoration, { status: 'pending', at: null })
    }
    return await walk(run, undo)
  }
  await condition(() => isOver(undo))
}

/**
 * What that way has brought back, and read back, is not written once more: should the last look find it otherwise, the way is gone
 * again. What a person has taken over is not written any more either: it is back or it is on the list.
 */
export async function restoreBehindUndos(run: Run, restoration: Restoration): Promise<void> {
  const own = undosAbout(run, restoration)
  await condition(() => own.every(isOver))
  if (isSettled(restoration)) return
  const left = own.find(({ status }) => status === 'left')
  if (left === undefined) {
    const last = lastChange(run.state.changes, restoration)
    if (last?.isBack !== true || !sameJson(last.desired, restoration.before))
      return await restoreNow(run, restoration)
    return markRestored(restoration, last.appliedAt)
  }
  if (run.state.remainder.some((each) => isOf(each, restoration))) {
    restoration.status = 'left'
    return
  }
  const failed = await lookOnly(run, restoration)
  if (failed === null) return markRestored(restoration, Date.now())
  restoration.note = `people see to the way back of ${left.step}: ${failed.message}`
  leaveAsFound(run, restoration, foundBy(failed).found)
}

function markRestored(restoration: Restoration, at: number | null): void {
  Object.assign(restoration, { status: 'restored', at, note: null })
}

/** Words of a way back are told apart from those of the step that it takes back. */
function withinOf({ step }: Undo): string {
  return `back over ${step}/`
}
