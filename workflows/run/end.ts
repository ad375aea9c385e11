// The end of a run: its outcome, said everywhere.
import { allHandlersFinished, condition } from '@temporalio/workflow'
import { formatDuration } from '../quantities.ts'
import { notify } from './questions.ts'
import { measure } from './measure.ts'
import { publish } from './publish.ts'
import type { Run } from './run.ts'
import { describeReason } from './reason.ts'
import { log } from './run.ts'
import type { Outcome, Reason, RunState } from './state.ts'

export type Result = {
  outcome: Outcome
  /** Why the run went back; null when it went through. */
  reason: Reason | null
  remainder: RunState['remainder']
}

export async function endRun(run: Run, outcome: Outcome): Promise<Result> {
  const { state, plan } = run
  state.outcome = outcome
  state.phase = 'ended'
  state.endedAt = Date.now()
  log(run, `${outcome} after ${formatDuration(state.endedAt - state.startedAt)}`)
  publish(plan, state)
  // An ended run has no share that anybody should look at.
  for (const edge of Object.keys(state.weights)) measure.weights(plan.service, edge, null)
  await notify(run, {
    key: 'ended',
    title: `${plan.service}: ${outcome}`,
    text: state.reason === null ? 'every step is done' : describeReason(state.reason),
    level: outcome === 'completed' ? 'info' : 'alarm',
  })
  await condition(allHandlersFinished)
  return { outcome, reason: state.reason, remainder: state.remainder }
}
