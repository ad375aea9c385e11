// One lock per real target: two runs never change the same backend, record or route.
import { workflowInfo } from '@temporalio/workflow'
import type { ClaimInput } from '../activities.ts'
import { calls } from './calls.ts'
import type { Failed } from '../failure.ts'
import { failedWith, judgedOrFailedWith, reasonOf } from './failures.ts'
import { isOf } from './journal.ts'
import { isReset } from './planned-values.ts'
import type { Run } from './run.ts'
import { checkpoint, log, sendBack } from './run.ts'
import { refusalOfPlan } from './versions.ts'

/**
 * Takes every lock of the plan, after the plan itself was looked at; or sends the run back (nothing was changed yet) with
 * the holder's name or what is wrong with the plan.
 */
export async function claimTargets(run: Run): Promise<void> {
  if (run.state.steps.some(({ status }) => status !== 'pending')) return // renewed: they are its own already
  const refused = refusalOfPlan(run.plan) ?? (await claimed(run))
  if (refused !== null) {
    sendBack(run, reasonOf(refused.kind === 'Conflict' ? 'locks' : 'the start', refused, Date.now()))
  }
  checkpoint(run)
}

async function claimed(run: Run): Promise<Failed | null> {
  try {
    await calls.claim({ ...inputOf(run), plan: run.plan })
    return null
  } catch (error) {
    return judgedOrFailedWith(error)
  }
}

/** Also what a refused claim had taken. Best effort: a lock whose holder has ended is taken over by the next run anyway. */
export async function releaseTargets(run: Run): Promise<void> {
  const input = inputOf(run)
  if (input.locks.length === 0) return
  try {
    await calls.release(input)
  } catch (error) {
    log(run, `locks were not released: ${failedWith(error).message}`)
  }
}

/**
 * Of a run that was reset: what a write takes again before anything is written, because the run may have ended since and given
 * its locks back. Going forward takes all of them; a restoration those of its target, so that one does not hold up the others.
 */
export function locksAgain(run: Run, of: Of | null = null): { claim?: ClaimInput } {
  return isReset(run.state) ? { claim: inputOf(run, of) } : {}
}

type Of = { connection: string; target: string }

/** Who takes them, and which of a target. */
export function holderOf(run: Run, of: Of): ClaimInput {
  return inputOf(run, of)
}

function inputOf(run: Run, of: Of | null = null): ClaimInput {
  const { workflowId, firstExecutionRunId } = workflowInfo()
  const targets = run.plan.targets.filter((target) => of === null || isOf(target, of))
  const locks = [...new Set(targets.flatMap((target) => target.locks))].sort()
  return { locks, holder: { workflowId, firstRunId: firstExecutionRunId, service: run.plan.service } }
}
