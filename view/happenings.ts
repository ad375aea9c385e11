// Decodes the history of a run into the events that people may care about.
import type { Client, WorkflowHandle } from '@temporalio/client'
import type { Plan } from '../workflows/plan.ts'
import type { RunState } from '../workflows/run/state.ts'
import type { ActivityEnd, Happening } from './happening.ts'
import { decodeAll, decodeOne, failureText, msOf } from './decode.ts'

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number]

export type ReadHistory = {
  plan: Plan | null
  startedBy: string | null
  carried: RunState | null
  happenings: Happening[]
  lastEventAt: number | null
  /** Events read: with it a description of the same moment can be told from an older one. */
  length: number
}

export async function readHistory(client: Client, handle: WorkflowHandle): Promise<ReadHistory> {
  const { events } = await handle.fetchHistory()
  const all = events ?? []
  const [plan, start, carried] = await decodeAll(
    client,
    all[0]?.workflowExecutionStartedEventAttributes?.input?.payloads,
  )
  const happenings = await decodeHappenings(client, all)
  return {
    plan: (plan as Plan | undefined) ?? null,
    startedBy: (start as { startedBy?: string } | undefined)?.startedBy ?? null,
    carried: (carried as RunState | undefined) ?? null,
    happenings,
    lastEventAt: msOf(all.at(-1)?.eventTime),
    length: all.length,
  }
}

async function decodeHappenings(client: Client, events: HistoryEvent[]): Promise<Happening[]> {
  const ends = await endsOf(client, events)
  const lastTask = events.findLastIndex((event) => Boolean(event.workflowTaskCompletedEventAttributes))
  const found: Happening[] = []
  for (const [index, event] of events.entries()) {
    const happening = await happeningOf(client, event, { ends, processed: index < lastTask })
    if (happening !== null) found.push(happening)
  }
  return found
}

/** How each activity ended, by the id of the event that scheduled it. */
async function endsOf(client: Client, events: HistoryEvent[]): Promise<Map<string, ActivityEnd>> {
  const ends = new Map<string, ActivityEnd>()
  for (const event of events) {
    const at = msOf(event.eventTime) ?? 0
    const done = event.activityTaskCompletedEventAttributes
    const [result] = done ? await decodeAll(client, done.result?.payloads) : []
    if (done) ends.set(String(done.scheduledEventId), { at, ok: true, result: result ?? null, problem: null })
    const failed = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes
    if (failed) {
      const problem = failureText(failed.failure)
      ends.set(String(failed.scheduledEventId), { at, ok: false, result: null, problem })
    }
    const canceled = event.activityTaskCanceledEventAttributes
    if (canceled) {
      ends.set(String(canceled.scheduledEventId), {
        at,
        ok: false,
        result: null,
        problem: 'no longer needed',
      })
    }
  }
  return ends
}

type Context = { ends: Map<string, ActivityEnd>; processed: boolean }

async function happeningOf(client: Client, event: HistoryEvent, context: Context): Promise<Happening | null> {
  const at = msOf(event.eventTime) ?? 0
  const { ends, processed } = context
  const scheduled = event.activityTaskScheduledEventAttributes
  if (scheduled) {
    const [input] = await decodeAll(client, scheduled.input?.payloads)
    const type = scheduled.activityType?.name ?? 'activity'
    return {
      what: 'activity',
      at,
      type,
      summary: await summaryOf(client, event),
      input,
      end: ends.get(String(event.eventId)) ?? null,
    }
  }
  if (event.timerStartedEventAttributes) return { what: 'timer', at, summary: await summaryOf(client, event) }
  const signal = event.workflowExecutionSignaledEventAttributes
  if (signal) {
    const [said] = await decodeAll(client, signal.input?.payloads)
    return { what: 'message', at, how: 'signal', name: signal.signalName ?? 'signal', said, processed }
  }
  const update = event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input
  if (update) {
    const [said] = await decodeAll(client, update.args?.payloads)
    return { what: 'message', at, how: 'update', name: update.name ?? 'update', said, processed: true }
  }
  if (event.workflowExecutionCancelRequestedEventAttributes) return { what: 'cancel', at, processed }
  return await closing(client, event, at)
}

async function closing(client: Client, event: HistoryEvent, at: number): Promise<Happening | null> {
  const completed = event.workflowExecutionCompletedEventAttributes
  if (completed) {
    const [result] = await decodeAll(client, completed.result?.payloads)
    return { what: 'closed', at, how: 'ended', result: result ?? null }
  }
  const failed = event.workflowExecutionFailedEventAttributes
  if (failed) return { what: 'closed', at, how: `failed: ${failureText(failed.failure) ?? ''}`, result: null }
  const terminated = event.workflowExecutionTerminatedEventAttributes
  if (terminated)
    return { what: 'closed', at, how: `was terminated: ${terminated.reason ?? ''}`, result: null }
  return null
}

async function summaryOf(client: Client, event: HistoryEvent): Promise<string | null> {
  const summary = await decodeOne(client, event.userMetadata?.summary)
  return typeof summary === 'string' ? summary : null
}
