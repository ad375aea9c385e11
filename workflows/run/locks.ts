// One lock per real target: two runs never change the same backend, record or route.
import { workflowInfo } from '@temporalio/workflow'
import type { ClaimInput } from '../activities.ts'
import { calls } from './calls.ts'
import { StepFailed, failedWith, reasonOf } from './failures.ts'
import type { Run } from './run.ts'
import { checkpoint, log, sendBack } from './run.ts'

/** Takes every lock of the plan, or sends the run back (nothing was changed yet) with the holder's name. */
export async function claimTargets(run: Run): Promise<void> {
  const input = inputOf(run)
  const isBegun = run.state.steps.some(({ status }) => status !== 'pending')
  if (input.locks.length === 0 || isBegun) return
  try {
    await calls.claim(input)
  } catch (error) {
    const failed = error instanceof StepFailed ? error.failed : failedWith(error)
    sendBack(run, reasonOf('locks', failed, Date.now()))
  }
  checkpoint(run)
}

/** Best effort: a lock whose holder has ended is taken over by the next run anyway. */
export async function releaseTargets(run: Run): Promise<void> {
  const input = inputOf(run)
  if (input.locks.length === 0) return
  try {
    await calls.release(input)
  } catch (error) {
    log(run, `locks were not released: ${failedWith(error).message}`)
  }
}

function inputOf(run: Run): ClaimInput {
  const { workflowId, firstExecutionRunId } = workflowInfo()
  const locks = [...new Set(run.plan.targets.flatMap((target) => target.locks))].sort()
  return { locks, holder: { workflowId, firstRunId: firstExecutionRunId, service: run.plan.service } }
}
