// Starts a run. One run per service: the workflow id is the lock, and a run under way is never replaced.
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import { WORKFLOW_TASK_TIMEOUT, attributes, workflowIdOf } from '../../workflows/messages.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Start } from '../../workflows/run/open.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { headline } from '../output/run-text.ts'
import { Problem } from '../problem.ts'
import { temporalProblem } from '../temporal-problem.ts'
import { readRun } from '../../view/read.ts'

const SUMMARY_BYTES_MAX = 380 // the server refuses more than 400
const DESPITE_MAX = 20 // the log of a run is for people, and bounded
const DESPITE_CHARACTERS_MAX = 300 // a backend's words, as far as they tell the cause

export type Started = { workflowId: string; runId: string; digest: string }

export type Begin = {
  actor: string
  /** Problems that the one who starts has seen and goes on over; they stand in the run's log. */
  despite: string[]
}

export async function startRun(
  access: TemporalAccess,
  plan: Plan,
  { actor, despite }: Begin,
): Promise<Started> {
  const workflowId = workflowIdOf(plan.service)
  try {
    const handle = await access.client.workflow.start('cutover', {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [
        plan,
        {
          startedBy: actor,
          keepsCut: true,
          ...(despite.length > 0 && { despite: bounded(despite) }),
        } satisfies Start,
      ],
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summaryOf(plan, actor),
      typedSearchAttributes: [
        { key: attributes.service, value: plan.service },
        { key: attributes.phase, value: 'starting' },
      ],
    })
    return { workflowId, runId: handle.firstExecutionRunId, digest: plan.digest }
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      throw await alreadyRunning(access, plan.service, error)
    throw missingAttributes(error) ?? error
  }
}

function bounded(despite: string[]): string[] {
  return despite.slice(0, DESPITE_MAX).map((text) => text.slice(0, DESPITE_CHARACTERS_MAX))
}

/** Says so before a plan is shown or a question asked; it is `startRun` that guarantees it. */
export async function expectNoRun(access: TemporalAccess, service: string): Promise<void> {
  try {
    const { status } = await access.client.workflow.getHandle(workflowIdOf(service)).describe()
    if (status.name === 'RUNNING') throw await alreadyRunning(access, service)
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error
  }
}

async function alreadyRunning(access: TemporalAccess, service: string, cause?: Error): Promise<Problem> {
  const { view } = await readRun(access, service)
  const since = view.startedAt === null ? '' : `, since ${view.startedAt}`
  return new Problem({
    what: `a run of ${service} is already under way`,
    why: `${headline(view)}; started by ${view.startedBy ?? 'someone'}${since}; plan ${view.digest?.slice(0, 12) ?? 'unknown'}`,
    todo: [
      `cutover watch ${service}              follows it`,
      `cutover abort ${service} --reason R   puts everything back`,
    ],
    facts: { code: 'under-way', workflowId: view.workflowId, runId: view.runId },
    ...(cause && { cause }),
  })
}

/** The attributes are created once per namespace; a server without them refuses to start runs. */
function missingAttributes(error: unknown): Problem | undefined {
  const problem = temporalProblem(error)
  if (problem === undefined || !/search attribute/i.test(problem.why ?? '')) return undefined
  const create = Object.values(attributes).map(
    ({ name, type }) => `temporal operator search-attribute create --name ${name} --type ${typeName(type)}`,
  )
  return new Problem({
    what: 'this Temporal namespace lacks the search attributes of cutover',
    why: problem.why,
    todo: [...create, 'cutover dev creates them by itself'],
    cause: error,
  })
}

/** KEYWORD -> Keyword, as the temporal CLI writes it. */
function typeName(type: string): string {
  return type.charAt(0) + type.slice(1).toLowerCase()
}

function summaryOf(plan: Plan, actor: string): string {
  const text = `${plan.service} by ${actor}${plan.description === '' ? '' : `: ${plan.description}`}`
  return text.slice(0, Math.floor(SUMMARY_BYTES_MAX / 3)) // at most 3 bytes a letter
}
