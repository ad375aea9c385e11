// Looks at targets through a worker, by the read-only workflow `survey`. The CLI itself never talks to a backend.
import { randomUUID } from 'node:crypto'
import { WorkflowFailedError } from '@temporalio/client'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Survey, SurveyInput } from '../../workflows/survey.ts'
import type { TemporalAccess } from '../command.ts'
import { Problem } from '../problem.ts'
import type { Look } from './preview.ts'

const ANSWER_WITHIN = '30s' // three attempts of one look take 20 s at most; a person waits
const WORKFLOW_QUEUE = 1 // temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW

type Request = {
  plan: Plan
  targets: { connection: string; target: string }[]
  access: TemporalAccess
  signal: AbortSignal
}

/** What each target holds now, or why it could not be looked at. Fails when no worker answers. */
export async function survey({ plan, targets, access, signal }: Request): Promise<Look[]> {
  await demandWorker(access)
  const known = targets.flatMap(({ connection: name, target }) => {
    const connection = plan.connections[name]
    return connection === undefined ? [] : [{ connection, target }]
  })
  const handle = await access.client.workflow.start('survey', {
    workflowId: `cutover-survey/${plan.service}/${randomUUID()}`, // not a run: it must neither hold nor find the service's lock
    taskQueue: TASK_QUEUE,
    args: [{ targets: known } satisfies SurveyInput],
    workflowExecutionTimeout: ANSWER_WITHIN, // changes nothing, so it may end at any moment
    staticSummary: `plan of ${plan.service}: looks, changes nothing`,
  })
  const abandon = () => void handle.terminate('the person asking has gone').catch(() => undefined) // it ends by itself soon
  signal.addEventListener('abort', abandon, { once: true })
  try {
    const answer = (await handle.result()) as Survey
    return answer.map(({ connection, target, observed, problem }) => ({
      connection,
      target,
      value: observed?.value ?? null,
      problem,
    }))
  } catch (error) {
    throw error instanceof WorkflowFailedError ? unanswered(access, error) : error
  } finally {
    signal.removeEventListener('abort', abandon)
  }
}

/** A task queue without a worker would be waited for in silence. */
async function demandWorker({ client, namespace, address }: TemporalAccess): Promise<void> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: TASK_QUEUE },
    taskQueueType: WORKFLOW_QUEUE,
  })
  if ((pollers ?? []).length > 0) return
  throw new Problem({
    what: 'the targets cannot be looked at',
    why: `no worker serves the task queue ${TASK_QUEUE} at ${address}`,
    todo: [
      'cutover worker              starts one',
      'cutover plan FILE --offline  leaves the present values out',
    ],
  })
}

function unanswered(access: TemporalAccess, cause: WorkflowFailedError): Problem {
  return new Problem({
    what: 'the targets could not be looked at',
    why: `no answer within ${ANSWER_WITHIN} from the worker of ${access.address}: ${cause.cause?.message ?? cause.message}`,
    todo: ['look at the log of the worker', 'cutover plan FILE --offline  leaves the present values out'],
    cause,
  })
}
