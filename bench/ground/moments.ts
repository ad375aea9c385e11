// When things happened, by the server's own record. Client and server share this machine's clock, so a client's call and
// an event of the history can be set against each other; to the millisecond.
import type { WorkflowHandle } from '@temporalio/client'

export type Moments = {
  /** The first signal was recorded. */
  signalled: number | null
  /** The first activity of the wanted type after that: handed to the server, begun by a worker, its answer recorded. */
  scheduled: number | null
  started: number | null
  completed: number | null
  /** Workflow tasks begun between the signal and `scheduled`. */
  tasks: number
  events: number
}

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>
type Event = NonNullable<History['events']>[number]

/** `input`: words that the activity's input must hold, when several activities of the type run. */
export async function momentsOf(handle: WorkflowHandle, type: string, input = ''): Promise<Moments> {
  const events = (await handle.fetchHistory()).events ?? []
  const signalled = events.find((event) => event.workflowExecutionSignaledEventAttributes)
  const scheduled = events.find((event) => isScheduling(event, type, input))
  const of = (name: 'activityTaskStartedEventAttributes' | 'activityTaskCompletedEventAttributes') =>
    events.find((event) => scheduled && event[name]?.scheduledEventId?.eq(scheduled.eventId ?? 0))
  const [from, to] = [at(signalled), at(scheduled)]
  return {
    signalled: from,
    scheduled: to,
    started: at(of('activityTaskStartedEventAttributes')),
    completed: at(of('activityTaskCompletedEventAttributes')),
    tasks: events.filter((event) => {
      const began = event.workflowTaskStartedEventAttributes ? at(event) : null
      return began !== null && from !== null && to !== null && began >= from && began <= to
    }).length,
    events: events.length,
  }
}

function isScheduling(
  { activityTaskScheduledEventAttributes: scheduled }: Event,
  type: string,
  input: string,
): boolean {
  if (scheduled?.activityType?.name !== type) return false
  return (
    (scheduled.input?.payloads ?? []).some(({ data }) =>
      Buffer.from(data ?? [])
        .toString()
        .includes(input),
    ) || input === ''
  )
}

function at(event: Event | undefined): number | null {
  const time = event?.eventTime
  return time ? Number(time.seconds ?? 0) * 1_000 + (time.nanos ?? 0) / 1e6 : null
}
