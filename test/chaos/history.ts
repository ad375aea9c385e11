// Follows a run by the server's own history, pushed event by event: moments of faults are tied to what the run does and
// need no worker that answers. Survives a server that is killed, and a run that is reset.
import type { Client } from '@temporalio/client'
import { defaultPayloadConverter } from '@temporalio/common'
import type { Moment } from './scenario.ts'

const POLL_MS = 20_000 // the server answers a long poll by then
const AGAIN_MS = 100 // a server that is down comes back within seconds

export type HistoryCall = {
  call: string
  /** `edge split`, where the call is about a target. */
  target: string | null
  at: number
  endedAt: number | null
}

export type Followed = {
  calls: HistoryCall[]
  /** Events with which a workflow task was completed, for resets. */
  tasks: EventId[]
  /** How the run was closed; null while it is open. */
  closed(): string | null
  /** Resolves at the moment, or never. */
  when(moment: Moment): Promise<void>
  /** Follows on over a reset, which ends this run and makes another one that has all events before `from` in common. */
  over(from: EventId, reset: () => Promise<{ runId: string }>): Promise<void>
  stop(): void
}

type Events = NonNullable<
  Awaited<ReturnType<Client['workflowService']['getWorkflowExecutionHistory']>>['history']
>['events']
type HistoryEvent = NonNullable<Events>[number]
export type EventId = NonNullable<HistoryEvent['eventId']>

export function followRun(
  client: Client,
  namespace: string,
  run: { workflowId: string; runId: string },
): Followed {
  const calls: HistoryCall[] = []
  const byId = new Map<string, HistoryCall>()
  const tasks: EventId[] = []
  const state = {
    runId: run.runId,
    closed: null as string | null,
    isStopped: false,
    isResetting: false,
    seen: 0,
  }
  const waiting = new Set<() => void>()

  const take = (event: HistoryEvent): void => {
    const id = Number(event.eventId)
    if (id <= state.seen) return
    state.seen = id
    const scheduled = event.activityTaskScheduledEventAttributes
    if (scheduled) {
      const call = {
        call: scheduled.activityType?.name ?? '',
        target: targetIn(scheduled),
        at: Date.now(),
        endedAt: null,
      }
      calls.push(call)
      byId.set(String(event.eventId), call)
    }
    const ended =
      event.activityTaskCompletedEventAttributes ??
      event.activityTaskFailedEventAttributes ??
      event.activityTaskTimedOutEventAttributes ??
      event.activityTaskCanceledEventAttributes
    const known = ended ? byId.get(String(ended.scheduledEventId)) : undefined
    if (known) known.endedAt = Date.now()
    if (event.workflowTaskCompletedEventAttributes && event.eventId) tasks.push(event.eventId)
    if (!state.isResetting) state.closed = closing(event) ?? state.closed
  }

  const following = async (): Promise<void> => {
    let token: Uint8Array | null = null
    let of = ''
    while (!state.isStopped) {
      if (of !== state.runId) token = null
      of = state.runId
      const page: Page | null =
        state.closed === null ? await poll(client, { namespace, ...run, runId: of, token }) : null
      if (page !== null && of === state.runId) for (const event of page.events) take(event)
      token = page?.token ?? null
      for (const wake of waiting) wake()
      if (page === null) await wait(AGAIN_MS)
    }
  }
  void following()

  return {
    calls,
    tasks,
    closed: () => state.closed,
    async when({ on, call, nth, plusMs }) {
      const isThere = (): boolean => {
        const found = calls.filter((each) => each.call === call)[nth - 1]
        return found !== undefined && (on === 'scheduled' || found.endedAt !== null)
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          if (!isThere()) return
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        wake()
      })
      await wait(plusMs)
    },
    async over(from, reset) {
      state.isResetting = true // the end of the run that is reset is none
      try {
        const { runId } = await reset()
        Object.assign(state, { runId, closed: null, seen: Number(from) })
        tasks.splice(tasks.findIndex((task) => task.eq(from)))
        for (const call of calls) call.endedAt ??= Date.now() // what was under way is started anew
      } finally {
        state.isResetting = false
      }
    },
    stop() {
      state.isStopped = true
    },
  }
}

type Page = { events: HistoryEvent[]; token: Uint8Array | null }

/** Null: the server did not answer. */
async function poll(
  client: Client,
  of: { namespace: string; workflowId: string; runId: string; token: Uint8Array | null },
): Promise<Page | null> {
  try {
    const { history, nextPageToken } = await client.withDeadline(Date.now() + POLL_MS + 5_000, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: of.namespace,
        execution: { workflowId: of.workflowId, runId: of.runId },
        waitNewEvent: true,
        ...(of.token === null ? {} : { nextPageToken: of.token }),
      }),
    )
    const token = nextPageToken && nextPageToken.length > 0 ? nextPageToken : null
    return { events: history?.events ?? [], token }
  } catch {
    return null // killed or stopped by a fault: asked again
  }
}

function targetIn(
  scheduled: NonNullable<HistoryEvent['activityTaskScheduledEventAttributes']>,
): string | null {
  const [payload] = scheduled.input?.payloads ?? []
  if (!payload) return null
  const input = defaultPayloadConverter.fromPayload<{ connection?: { name: string }; target?: string }>(
    payload,
  )
  return input.target === undefined ? null : `${input.connection?.name} ${input.target}`
}

function closing(event: HistoryEvent): string | null {
  if (event.workflowExecutionCompletedEventAttributes) return 'completed'
  if (event.workflowExecutionTerminatedEventAttributes) return 'terminated'
  if (event.workflowExecutionFailedEventAttributes) return 'failed'
  if (event.workflowExecutionCanceledEventAttributes) return 'canceled'
  if (event.workflowExecutionTimedOutEventAttributes) return 'timed out'
  return null
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
