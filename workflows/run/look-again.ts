// The last look at what was restored. Where a step has its own way back (undo.ts) a target that is as the step had set it is not
// simply written: that way is gone once more.
import type { Json } from '../json.ts'
import { matches } from '../json.ts'
import { isMixOf } from '../ports/as-wanted.ts'
import { foundBy } from './failures.ts'
import { halvesOf, ours } from './journal.ts'
import { plannedValues } from './planned-values.ts'
import { lastLook, lookOnly, restoreOn } from './restore.ts'
import type { Run } from './run.ts'
import { log } from './run.ts'
import type { Restoration } from './state.ts'
import { targetsOf, undosAbout } from './way-back.ts'
import { restoreBehindUndos, walkAgain } from './walk.ts'

/** Returns when each of them is back, or left to people. */
export async function lookAgain(run: Run, restorations: Restoration[]): Promise<void> {
  const hasOwnWay = (each: Restoration) => undosAbout(run, each).length > 0
  await Promise.all([
    ...restorations.filter((each) => !hasOwnWay(each)).map((each) => lastLook(run, each)),
    lookBehindUndos(run, restorations.filter(hasOwnWay)),
  ])
}

async function lookBehindUndos(run: Run, restorations: Restoration[]): Promise<void> {
  for (;;) {
    const looks = await Promise.all(restorations.map((each) => isAsSetByRun(run, each)))
    const lost = restorations.filter((_, index) => looks[index])
    if (lost.length === 0) return
    for (const each of lost) Object.assign(each, { status: 'pending', at: null })
    for (const undo of run.state.undos) {
      if (!lost.some((each) => targetsOf(run, undo).includes(each))) continue
      await walkAgain(run, undo)
    }
    await Promise.all(restorations.map((each) => restoreBehindUndos(run, each)))
  }
}

/** False: it is back, or whatever else became of it has been seen to. */
async function isAsSetByRun(run: Run, restoration: Restoration): Promise<boolean> {
  if (restoration.status !== 'restored') return false
  const failed = await lookOnly(run, restoration)
  if (failed === null) return false
  if (failed.kind === 'Conflict' && isOurs(run, restoration, foundBy(failed).found)) {
    log(run, `${restoration.connection} ${restoration.target} is not back: ${failed.message}`)
    return true
  }
  await restoreOn(run, restoration, failed)
  return false
}

function isOurs({ plan, state: { changes } }: Run, of: Restoration, found: Json): boolean {
  return (
    [...ours(changes, of), ...plannedValues(plan, of)].some((value) => matches(found, value)) ||
    halvesOf(changes, of).some((half) => isMixOf(found, half))
  )
}
