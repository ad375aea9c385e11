// A read-only workflow: looks at every target of a plan through the worker and tries once what the run will need.
// Changes nothing. Its history is also the memory of what people reviewed: the plan goes in, what was found comes out.
import { ApplicationFailure, proxyActivities } from '@temporalio/workflow'
import type { ChangeActivities, SurveyActivities } from './activities.ts'
import { TASK_QUEUE } from './activities.ts'
import type { Json } from './json.ts'
import type { Plan, PlannedConnection } from './plan.ts'
import type { Observed } from './ports/target.ts'
import { outline } from './steps/kind-of.ts'
import { failedWith } from './run/failures.ts'
import { refusalOfPlan } from './run/versions.ts'
import type { Trial, TrialResult, TrialAnswer } from './trial.ts'
import { nameOf, trialsOf } from './trials.ts'

const { observe, tryOut } = proxyActivities<Pick<ChangeActivities, 'observe'> & SurveyActivities>({
  taskQueue: TASK_QUEUE,
  startToCloseTimeout: '5s', // one call each, with a 4 s I/O deadline inside
  scheduleToCloseTimeout: '25s', // a person waits; what has not answered by then is told as such, beside everything else
  retry: { maximumAttempts: 3 }, // a blip is no reason to call a plan impossible
})

export type SurveyInput = { plan: Plan; targets: { connection: string; target: string }[] }
export type TargetLook = {
  connection: string
  target: string
  observed: Observed | null
  problem: string | null
}
export type Survey = { looks: TargetLook[]; trials: TrialResult[] }

/**
 * What each target is now, what works and what does not, or why it could not be told. Fails, before anything is looked at, with
 * what this worker says to a plan that it could not carry out.
 */
export async function survey({ plan, targets }: SurveyInput): Promise<Survey> {
  const refused = refusalOfPlan(plan)
  if (refused !== null)
    throw ApplicationFailure.create({ type: refused.kind, message: refused.message, nonRetryable: true })
  const [looks, trials] = await Promise.all([
    Promise.all(
      targets.flatMap(({ connection: name, target }) => {
        const connection = plan.connections[name]
        return connection === undefined ? [] : [lookedAt(connection, target, wantedOf(plan, name, target))]
      }),
    ),
    Promise.all(trialsOf(plan).map(tried)),
  ])
  return { looks, trials }
}

/** Every value that the plan is going to set there, as far as it is known beforehand. */
function wantedOf(plan: Plan, name: string, of: string): Json[] {
  return plan.steps
    .flatMap((step) => outline(step, () => undefined).changes)
    .filter(({ connection, target }) => connection === name && target === of)
    .flatMap(({ desired }) => (desired === null ? [] : [desired]))
}

async function lookedAt(connection: PlannedConnection, target: string, wanted: Json[]): Promise<TargetLook> {
  const found = { connection: connection.name, target }
  try {
    const observed = await observe({ connection, target, wanted })
    const problem = wanted.length === 0 ? null : await noWayBack({ connection, target }, observed.value)
    return { ...found, observed, problem }
  } catch (error) {
    return { ...found, observed: null, problem: wordsOf(error) }
  }
}

/** Why what is there now could not be set again (weights that leave nobody to serve, say): there would be no way back to it. */
async function noWayBack(
  of: { connection: PlannedConnection; target: string },
  value: Json,
): Promise<string | null> {
  if (value === null) return null // nothing is there, and nothing is what would be put back
  try {
    await observe({ ...of, wanted: [value] })
    return null
  } catch (error) {
    return `${wordsOf(error)}; it is so now, so there would be no way back to it: set it to something else first`
  }
}

async function tried(trial: Trial): Promise<TrialResult> {
  const of = {
    what: trial.what,
    name: nameOf(trial),
    connection: trial.connection.name,
    target: 'target' in trial ? trial.target : null,
    step: 'step' in trial ? trial.step : null,
  }
  try {
    return { ...of, ...((await tryOut(trial)) satisfies TrialAnswer), problem: null }
  } catch (error) {
    return { ...of, text: '', notes: [], problem: wordsOf(error) }
  }
}

/** A cancellation is no problem of a target: it ends the survey. */
function wordsOf(error: unknown): string {
  const { kind, message } = failedWith(error)
  return kind === 'Timeout' ? message : `${kind}: ${message}`
}
