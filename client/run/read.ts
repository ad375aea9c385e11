// Reads one run: from a worker by query where one answers, else from the server's history alone. Never changes anything.
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/client'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import { attributes, workflowIdOf } from '../../workflows/messages.ts'
import type { StateAnswer } from '../../workflows/run/state.ts'
import type { TemporalAccess } from '../command.ts'
import { Problem } from '../problem.ts'
import { stateFromHistory } from '../view/from-history.ts'
import type { Published } from '../view/from-history.ts'
import type { RunView, Stale } from '../view/model.ts'
import { runView } from '../view/run-view.ts'
import type { Described } from '../view/run-view.ts'
import { decodeAll, failureText, isoOf, msOf } from './decode.ts'
import { readHistory, successorOf } from './happenings.ts'

const SERVER_ANSWERS_WITHIN_MS = 5_000 // describe and history: the server alone
const WORKER_ANSWERS_WITHIN_MS = 2_000 // a live worker answers a query in milliseconds; a person waits for this
const POLLER_ALIVE_MS = 90_000 // a poll lasts at most 60 s; who has not polled for longer is gone

export type ReadRun = { view: RunView; answer: StateAnswer; handle: WorkflowHandle }

/** The present (or last, or named) run of a service. */
export async function readRun(access: TemporalAccess, service: string, runId?: string): Promise<ReadRun> {
  const { client } = access
  const handle = client.workflow.getHandle(workflowIdOf(service), runId)
  const description = await describe(access, handle, { service, runId })
  const successor =
    description.status.name === 'CONTINUED_AS_NEW' ? await successorOf(client, handle) : undefined
  if (successor !== undefined) return await readRun(access, service, successor)
  const described = await describedOf(client, description)
  const asked = await askWorker(client, handle)
  if ('answer' in asked) return { view: runView(asked.answer, described), answer: asked.answer, handle }
  const why = await whyNoAnswer(access, asked.problem)
  const { answer, stale } = await answerFromHistory(client, handle, { description, why })
  return { view: runView(answer, described, stale), answer, handle }
}

type Named = { service: string; runId: string | undefined }

async function describe(access: TemporalAccess, handle: WorkflowHandle, { service, runId }: Named) {
  try {
    return await access.client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () => handle.describe())
  } catch (error) {
    const isMalformed = runId !== undefined && /invalid runid/i.test(failureOf(error))
    if (!(error instanceof WorkflowNotFoundError) && !isMalformed) throw error
    throw new Problem({
      what: runId === undefined ? `there is no run of ${service}` : `${service} has no run ${runId}`,
      why: `no workflow ${workflowIdOf(service)} in namespace ${access.namespace} at ${access.address}`,
      todo: ['cutover list --all     shows the runs there are', 'cutover start FILE     starts one'],
      cause: error,
    })
  }
}

/** A message and that of its cause: the client wraps what the server said. */
function failureOf(error: unknown): string {
  return error instanceof Error ? `${error.message} ${failureOf(error.cause)}` : ''
}

async function describedOf(client: Client, description: WorkflowExecutionDescription): Promise<Described> {
  const pending = description.raw.pendingActivities ?? []
  return {
    workflowId: description.workflowId,
    runId: description.runId,
    status: description.status.name,
    startedAt: description.startTime.toISOString(),
    endedAt: description.closeTime?.toISOString() ?? null,
    pending: await Promise.all(
      pending.map(async (activity) => ({
        type: activity.activityType?.name ?? '',
        attempt: activity.attempt ?? 1,
        heartbeat: (await decodeAll(client, activity.heartbeatDetails?.payloads))[0] ?? null,
        problem: failureText(activity.lastFailure),
        nextAt: isoOf(activity.nextAttemptScheduleTime),
      })),
    ),
  }
}

async function askWorker(
  client: Client,
  handle: WorkflowHandle,
): Promise<{ answer: StateAnswer } | { problem: unknown }> {
  try {
    const ask = () => handle.query<StateAnswer>('state')
    return { answer: await client.withDeadline(Date.now() + WORKER_ANSWERS_WITHIN_MS, ask) }
  } catch (problem) {
    return { problem }
  }
}

/** Whether nobody polls, or somebody does and still did not answer. */
async function whyNoAnswer({ client, namespace }: TemporalAccess, problem: unknown): Promise<string> {
  const pollers = await pollersOf(client, namespace)
  if (pollers === 0) return `no worker polls task queue ${TASK_QUEUE}`
  const text = problem instanceof Error ? problem.message : String(problem)
  return /deadline/i.test(text) || text.includes('Failed to query')
    ? `no worker answered within ${WORKER_ANSWERS_WITHIN_MS / 1_000} s`
    : `the worker could not tell: ${text}`
}

async function pollersOf(client: Client, namespace: string): Promise<number> {
  const { pollers } = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: 1,
    }),
  )
  return (pollers ?? []).filter(
    ({ lastAccessTime }) => Date.now() - (msOf(lastAccessTime) ?? 0) < POLLER_ALIVE_MS,
  ).length
}

async function answerFromHistory(
  client: Client,
  handle: WorkflowHandle,
  { description, why }: { description: WorkflowExecutionDescription; why: string },
): Promise<{ answer: StateAnswer; stale: Stale }> {
  const read = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
    readHistory(client, handle),
  )
  if (read.plan === null) {
    throw new Problem({
      what: `${description.workflowId} cannot be read`,
      why: `${why}, and its plan in the history cannot be decoded`,
      todo: ['start a worker: cutover worker', 'with encrypted payloads: use the same codec here'],
    })
  }
  const published: Published = {
    ...publishedBy(description),
    startedBy: read.startedBy,
    startedAt: description.startTime.getTime(),
    endedAt: description.closeTime?.getTime() ?? null,
  }
  const { plan, carried, happenings, lastEventAt } = read
  return {
    answer: { plan, state: stateFromHistory({ plan, carried, published, happenings }) },
    stale: { why, lastEventAt: lastEventAt === null ? null : new Date(lastEventAt).toISOString() },
  }
}

function publishedBy({ typedSearchAttributes: found }: WorkflowExecutionDescription) {
  return {
    phase: found.get(attributes.phase) ?? null,
    gate: found.get(attributes.gate) ?? null,
    weight: found.get(attributes.weight) ?? null,
    outcome: found.get(attributes.outcome) ?? null,
  }
}
