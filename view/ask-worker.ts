// Asks a run for its state through a worker, again and again where it matters; and finds out why nobody answers.
import { setTimeout as wait } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import { TASK_QUEUE } from '../workflows/activities.ts'
import type { StateAnswer } from '../workflows/run/state.ts'
import { ASK_AGAIN } from '../workflows/tasks-only.ts'
import type { TemporalAccess } from './access.ts'
import { SERVER_ANSWERS_WITHIN_MS } from './events.ts'
import { failureText } from './decode.ts'
import { livePollers } from './pollers.ts'

const FIRST_ANSWER_WITHIN_MS = 4_000 // two for the worker that had the run last, if it has just died (STICKY_MS), two for the one that answers in its place
const SLOW_AFTER_MS = 1_000 // a live worker answers in milliseconds: whoever waits longer is told why
const NEXT_ANSWER_WITHIN_MS = 10_000 // a worker on a busy machine; the server itself gives up on a query after about this
const ASK_AGAIN_AFTER_MS = 1_000
const EVENTS_AT_ONCE = 20 // a workflow task ends every few events

const NOBODY_POLLS = `no worker polls task queue ${TASK_QUEUE}`
const WHY_SLOW = 'the one that had this run may have died or be busy; another one is asked after 2 s'

/**
 * Causes under which a failed workflow task is part of the ordinary course (temporal.api.enums.v1.WorkflowTaskFailedCause):
 * something came in meanwhile, a reset, a failover, a pause.
 */
const ORDINARY = new Set([1, 13, 17, 18, 20, 31, 39])

export type Asking = {
  /** How long to go on asking; 0 = once. */
  patientMs: number
  /** Told what is waited for: once the first question takes long, and once it was missed. */
  progress: (line: string) => void
}

/** One execution of a run. */
export type Execution = { workflowId: string; runId: string }

type AskedRun = Execution & {
  /** It has ended, if only by being terminated. */
  isOver: boolean
}

export type WorkerAnswer = { answer: StateAnswer } | { why: string }

/** The run's own state, or why it could not be had in that time. */
export async function askWorker(
  access: TemporalAccess,
  of: AskedRun,
  { patientMs, progress }: Asking,
): Promise<WorkerAnswer> {
  const end = Date.now() + patientMs
  let withinMs = FIRST_ANSWER_WITHIN_MS
  for (let attempt = 1; ; attempt++) {
    const askedAt = Date.now()
    const asking = askOnce(access.client, of, withinMs)
    if (attempt === 1 && (await isSlow(asking))) {
      const isNobody = await livePollers(access).then(
        (count) => count === 0,
        () => false, // the question is under way, and tells
      )
      if (isNobody) return { why: NOBODY_POLLS }
      if (patientMs > 0) progress(`no worker has answered yet: ${WHY_SLOW}`)
    }
    const asked = await asking
    if ('answer' in asked) return asked
    if (of.isOver && isRefused(asked.problem)) return { why: 'its last task was never carried out' }
    const tookMs = Date.now() - askedAt // less than it had where the server itself has given up
    const pollers = await livePollers(access)
    const why = await whyNoAnswer(access, of, { problem: asked.problem, pollers, tookMs })
    const restMs = end - Date.now()
    if (restMs <= ASK_AGAIN_AFTER_MS || pollers === 0) return { why } // nobody is there to answer a further question
    if (attempt === 1) progress(`${why}; asking again for ${Math.round(restMs / 1_000)} s`)
    await wait(ASK_AGAIN_AFTER_MS)
    withinMs = Math.min(NEXT_ANSWER_WITHIN_MS, restMs)
  }
}

/** It goes on meanwhile, and tells by itself whether it failed. */
async function isSlow(asking: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(true), SLOW_AFTER_MS)
  return await Promise.race([asking.then(() => false), late.promise]).finally(() => clearTimeout(timer))
}

async function askOnce(
  client: Client,
  { workflowId, runId }: Execution,
  withinMs: number,
): Promise<{ answer: StateAnswer } | { problem: unknown }> {
  const ask = () => client.workflow.getHandle(workflowId, runId).query<StateAnswer>('state')
  const within = () => client.withDeadline(Date.now() + withinMs, ask)
  try {
    return {
      answer: await within().catch((problem: unknown) =>
        isRefused(problem) ? within() : Promise.reject(problem),
      ),
    }
  } catch (problem) {
    return { problem }
  }
}

/** A worker that has just taken the run up refuses once, to be sure; and for as long as a task of a dead worker is not over. */
function isRefused(problem: unknown): boolean {
  return problem instanceof Error && problem.message.includes(ASK_AGAIN)
}

type Missed = { problem: unknown; pollers: number; tookMs: number }

/** Nobody polls, or somebody does and the run's workflow task fails there, or it takes too long. */
async function whyNoAnswer(
  { client }: TemporalAccess,
  of: Execution,
  { problem, pollers, tookMs }: Missed,
): Promise<string> {
  if (pollers === 0) return NOBODY_POLLS
  const failing = await taskFailureOf(client, of).catch(() => null) // then the question's own failure has to do
  if (failing !== null) return `a worker is there, but its workflow task fails: ${failing}`
  if (isRefused(problem)) return 'a task of this run still waits for a worker that has died'
  const text = problem instanceof Error ? problem.message : String(problem)
  return /deadline/i.test(text) || text.includes('Failed to query')
    ? `no worker answered within ${Math.ceil(tookMs / 1_000)} s`
    : `the worker could not tell: ${text}`
}

/** Why nobody would answer now, as far as the server can tell; null = somebody should. Never fails. */
export async function whySilent(access: TemporalAccess, of: Partial<Execution>): Promise<string | null> {
  try {
    if ((await livePollers(access)) === 0) return NOBODY_POLLS
    const failing = await taskFailureOf(access.client, of)
    return failing === null ? null : `a worker is there, but its workflow task fails: ${failing}`
  } catch {
    return null // it is said beside something that was done, and must not stand in its way
  }
}

/** What the last workflow task failed with, if none has succeeded since. */
async function taskFailureOf(client: Client, of: Partial<Execution>): Promise<string | null> {
  const last = await lastTaskOf(client, of)
  return last === null || last === 'completed' ? null : last.failing
}

/**
 * How the last workflow task ended that was more than the ordinary course; null = none did. Read from the end, a few events
 * at a time. The server records the first of several failures in a row and counts the others.
 */
export async function lastTaskOf(
  client: Client,
  of: Partial<Execution>,
): Promise<'completed' | { failing: string } | null> {
  const deadline = Date.now() + SERVER_ANSWERS_WITHIN_MS
  let nextPageToken: Uint8Array | null | undefined
  do {
    const token = nextPageToken
    const page = await client.withDeadline(deadline, () =>
      client.workflowService.getWorkflowExecutionHistoryReverse({
        namespace: client.options.namespace,
        execution: of,
        maximumPageSize: EVENTS_AT_ONCE,
        ...(token === undefined || token === null ? {} : { nextPageToken: token }),
      }),
    )
    for (const event of page.history?.events ?? []) {
      if (event.workflowTaskCompletedEventAttributes) return 'completed'
      const failed = event.workflowTaskFailedEventAttributes
      if (failed && !ORDINARY.has(Number(failed.cause)))
        return { failing: failureText(failed.failure) ?? 'it does not say why' }
    }
    nextPageToken = page.nextPageToken
  } while (nextPageToken !== null && nextPageToken !== undefined && nextPageToken.length > 0)
  return null
}
