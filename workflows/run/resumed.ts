// The wait of a paused run. What is being held is held on, and guards stay watched.
import { condition } from '@temporalio/workflow'
import { publish } from './publish.ts'
import { renewable } from './renewal.ts'
import type { Run } from './run.ts'
import { checkpoint } from './run.ts'
import { underWatch } from './watch.ts'

/** Returns at once, or when a person resumes the run: in a new history, if that takes long. A breach, or an abort, never returns here. */
export async function resumed(run: Run): Promise<void> {
  checkpoint(run)
  const { paused } = run.state
  if (paused === null) return
  const about = {
    key: `paused/${paused.at}`,
    title: `paused by ${paused.actor}`,
    keeping: true,
    patient: true,
  }
  await renewable(run, () => underWatch(run, about, () => untilResumed(run)))
}

/** Without a watch of its own. */
export async function untilResumed(run: Run): Promise<void> {
  const { state } = run
  if (state.paused === null) return
  const phase = state.phase === 'waiting' ? 'running' : state.phase // a new history takes the wait up as it was
  state.phase = 'waiting'
  publish(run.plan, state)
  await condition(() => state.paused === null)
  state.phase = phase
  publish(run.plan, state)
}
