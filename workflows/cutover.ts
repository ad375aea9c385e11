// The workflow: walks the plan; on trouble it unwinds. The runbook of runbooks.
import { CancellationScope, continueAsNew } from '@temporalio/workflow'
import type { Plan } from './plan.ts'
import { complete } from './run/complete.ts'
import { claimTargets, releaseTargets } from './run/locks.ts'
import { type Start, openRun } from './run/open.ts'
import { forward } from './run/forward.ts'
import { keepLastReadings } from './run/looks.ts'
import { renewBetweenSteps, renewingBack } from './run/renewal.ts'
import { checkpoint } from './run/run.ts'
import type { Outcome, RunState } from './run/state.ts'
import { type Result, endRun } from './run/end.ts'
import { perform, stepsLeft } from './run/step.ts'
import { endExpiries } from './run/suspensions.ts'
import { unwind } from './run/unwind.ts'

/**
 * One run of a plan. Never fails and never times out: it ends with an outcome, or stays open and asks.
 * Nothing here may be cancelled from outside: a cancel is a decision to abort, and going back must not be cut short.
 */
export async function cutover(plan: Plan, start: Start, carried?: RunState): Promise<Result> {
  const run = openRun(plan, start, carried ?? null)
  return await CancellationScope.nonCancellable(async () => {
    let outcome: Outcome = 'completed'
    const ended = await forward(run, async () => {
      await claimTargets(run)
      for (const step of stepsLeft(run)) {
        await perform(run, step)
        checkpoint(run)
        renewBetweenSteps(run)
      }
      outcome = await complete(run)
    })
    if (ended.ok === 'renewed') return await continueAsNew<typeof cutover>(plan, start, run.state)
    if (!ended.ok) {
      const back = await renewingBack(run, () => unwind(run, ended.reason))
      if (back === null) return await continueAsNew<typeof cutover>(plan, start, run.state)
      outcome = back
    }
    run.state.outcome = outcome // from here on it is too late to abort: nothing is left to go back by
    await endExpiries(run)
    await keepLastReadings(run)
    await releaseTargets(run)
    return endRun(run, outcome)
  })
}
