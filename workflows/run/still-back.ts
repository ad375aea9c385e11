// A word of a step's way back that begins behind everything else: whether all of that is back still. What it rests on is told by
// the unwind (unwind.ts), which goes over the ways back of steps and so cannot be named by them.
import { patched } from '@temporalio/workflow'
import { isReleasedLast } from './drain.ts'
import { once } from './renewal.ts'
import type { Run } from './run.ts'

/** False: something was not, and has been restored once more. Whatever was proven before has to be proven again. */
export async function isAllStillBack(run: Run): Promise<boolean> {
  if (!patched('others-are-back-still')) return true // a run that was on its way back before there was this look
  return await once(run, 'the others are back', async () => {
    const others = run.state.restorations.filter((each) => !isReleasedLast(run, each))
    const moments = () => JSON.stringify(others.map(({ status, at }) => [status, at]))
    const before = moments()
    await run.now.lookAgain?.(others)
    return moments() === before
  })
}
