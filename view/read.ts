// Reads one run: from a worker by query where one answers, else from the server's history alone. Never changes anything.
import type { Client, WorkflowExecutionDescription, WorkflowHandle } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/client'
import { attributes, workflowIdOf } from '../workflows/messages.ts'
import type { StateAnswer } from '../workflows/run/state.ts'
import type { TemporalAccess } from './access.ts'
import { stateFromHistory } from './from-history.ts'
import type { Published } from './from-history.ts'
import type { RunView, Stale } from './model.ts'
import { runView } from './run-view.ts'
import type { Described } from './run-view.ts'
import { askWorker } from './ask-worker.ts'
import { notFound, runIdOf, startedAs, successorOf } from './chain.ts'
import { decodeAll, failureText, isoOf } from './decode.ts'
import { SERVER_ANSWERS_WITHIN_MS } from './events.ts'
import { readHistory } from './happenings.ts'
import type { ReadHistory } from './happenings.ts'
import { RunTrouble } from './trouble.ts'

const WORKER_ANSWERS_WITHIN_MS = 30_000 // how long a missed question is asked again, by those who must not state what they do not know
const ASKED_ANYWAY_AFTER_MS = 5_000 // also while nothing happens: a worker that has gone shows by not answering
const SNAPSHOTS_MAX = 5 // a run that moves faster than it can be read is told as it was a moment ago

export type Reading = {
  /** A run id, or its beginning; default: the last run. */
  runId?: string | undefined
  /** Whether a worker that does not answer at once is asked again and again. */
  isPatient?: boolean
  serverWithinMs?: number
  progress?: (line: string) => void
  /** What was read before: while its history is as long as it was, no worker is asked again for the same state. */
  before?: ReadRun | undefined
  /** That alone counts then, however long ago it was read: whether a worker still answers does not matter to who reads. */
  isSettled?: boolean
}

export type ReadRun = {
  view: RunView
  answer: StateAnswer
  /** The first run id of the chain: it stays when the run renews itself. */
  firstRunId: string
  /** When its present history began. */
  beganAt: string
  /** Events of its history at that moment or earlier. */
  length: number
  /** When a worker was asked, by the clock of this process. */
  askedAt: number
}

/** The present (or last, or named) run of a service. */
export async function readRun(
  access: TemporalAccess,
  service: string,
  reading: Reading = {},
): Promise<ReadRun> {
  const { client } = access
  const { runId: given, isPatient = false, progress = () => {} } = reading
  const runId = given === undefined ? undefined : await runIdOf(access, service, given)
  const handle = client.workflow.getHandle(workflowIdOf(service), runId)
  const withinMs = reading.serverWithinMs ?? SERVER_ANSWERS_WITHIN_MS
  const description = await describe(access, handle, { service, runId, withinMs })
  const { workflowId, status } = description
  const of = { workflowId, runId: description.runId }
  const successor = status.name === 'CONTINUED_AS_NEW' ? await successorOf(client, of) : undefined
  if (successor !== undefined) return await readRun(access, service, { ...reading, runId: successor })
  const firstRunId = description.raw.workflowExecutionInfo?.firstRunId ?? description.runId
  const beganAt = description.startTime.toISOString()
  const length = description.historyLength
  const known = unchangedSince(reading, { runId: of.runId, length })
  if (known !== undefined)
    return { ...known, view: runView(known.answer, await describedOf(client, description)) }
  const askedAt = Date.now()
  const patientMs = isPatient ? WORKER_ANSWERS_WITHIN_MS : 0
  const isOver = status.name !== 'RUNNING' && status.name !== 'PAUSED'
  const asked = await askWorker(access, { ...of, isOver }, { patientMs, progress })
  if ('answer' in asked) {
    const described = await describedOf(client, description)
    return {
      view: runView(asked.answer, described),
      answer: asked.answer,
      firstRunId,
      beganAt,
      length,
      askedAt,
    }
  }
  const found = await answerFromHistory(client, client.workflow.getHandle(workflowId, of.runId), asked.why)
  const described = await describedOf(client, found.description)
  const view = runView(found.answer, described, found.stale)
  return { view, answer: found.answer, firstRunId, beganAt, length, askedAt }
}

/**
 * Each change of a run's state is an event of its history, so one that has not grown tells that the state is as it was. Only
 * what a worker itself has told, and not for ever.
 */
function unchangedSince(
  { before, isSettled = false }: Reading,
  { runId, length }: { runId: string; length: number },
): ReadRun | undefined {
  if (before === undefined || before.view.stale !== null || before.view.runId !== runId) return undefined
  const isDue = !isSettled && Date.now() - before.askedAt >= ASKED_ANYWAY_AFTER_MS
  return before.length === length && !isDue ? before : undefined
}

type RunName = { service: string; runId: string | undefined; withinMs: number }

async function describe(
  access: TemporalAccess,
  handle: WorkflowHandle,
  { service, runId, withinMs }: RunName,
) {
  try {
    return await describeIn(access.client, handle, withinMs)
  } catch (error) {
    const isMalformed = runId !== undefined && /invalid runid/i.test(failureOf(error))
    if (!(error instanceof WorkflowNotFoundError) && !isMalformed) throw error
    const { client } = access
    const goesOn =
      runId === undefined ? undefined : await startedAs(client, { workflowId: handle.workflowId, runId })
    if (goesOn !== undefined)
      return await describeIn(client, client.workflow.getHandle(handle.workflowId, goesOn), withinMs)
    throw await notFound(access, { service, runId, cause: error })
  }
}

function describeIn(client: Client, handle: WorkflowHandle, withinMs = SERVER_ANSWERS_WITHIN_MS) {
  return client.withDeadline(Date.now() + withinMs, () => handle.describe())
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

type FromHistory = { answer: StateAnswer; stale: Stale; description: WorkflowExecutionDescription }

async function answerFromHistory(client: Client, handle: WorkflowHandle, why: string): Promise<FromHistory> {
  const { read, description } = await snapshot(client, handle)
  if (read.plan === null) {
    const { workflowId } = description
    throw new RunTrouble(
      { code: 'unreadable', workflowId },
      { what: `${workflowId} cannot be read`, why: `${why}, and its plan in the history cannot be decoded` },
    )
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
    description,
  }
}

/** History and description of one moment: an outcome from the one must not stand beside weights from an older other. */
async function snapshot(
  client: Client,
  handle: WorkflowHandle,
): Promise<{ read: ReadHistory; description: WorkflowExecutionDescription }> {
  for (let attempt = 1; ; attempt++) {
    const read = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
      readHistory(client, handle),
    )
    const description = await describeIn(client, handle)
    if (description.historyLength === read.length || attempt === SNAPSHOTS_MAX) return { read, description }
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
