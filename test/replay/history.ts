// Recorded histories as plain JSON, and the commands that the workflow gave when they were recorded: activities with their
// inputs and policies, timers with their durations, everything that the server was told.
import { readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

const FOLDER = join(import.meta.dirname, '..', 'histories')

/** As the server writes it in JSON. Only what is read here is named. */
export interface RecordedHistory {
  events: RecordedEvent[]
}
export interface RecordedEvent {
  eventId: string
  eventType: string
  userMetadata?: { summary?: { data?: string } }
  [attributes: string]: unknown
}

/** One command in one line of JSON: equal lines are equal commands. */
export type Command = { kind: string; [field: string]: unknown }

export function histories(): { name: string; history: RecordedHistory }[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  return names.map((name) => ({
    name: basename(name, '.json'),
    history: JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as RecordedHistory,
  }))
}

export function historyOf(name: string): RecordedHistory {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as RecordedHistory
}

type Fields = Record<string, unknown>

/** The first event says under which id it ran; inputs of activities contain it. */
export function workflowIdIn({ events }: RecordedHistory): string {
  return String((attributesOf(events[0] as RecordedEvent) as { workflowId?: string }).workflowId)
}

export function attributesOf(event: RecordedEvent): Fields {
  const key = Object.keys(event).find((name) => name.endsWith('EventAttributes'))
  return (key === undefined ? {} : event[key]) as Fields
}

/** Which kinds of steps were carried out in a history, and which of them had a way back of their own there: its summaries say it. */
export function kindsIn({ events }: RecordedHistory): { there: string[]; back: string[] } {
  const [input] = textsOf(attributesOf(events[0] as RecordedEvent)['input'])
  const { steps = [] } = JSON.parse(input ?? '{}') as { steps?: { kind: string; title: string }[] }
  const summaries = events.map((event) => textOf(event.userMetadata?.summary))
  const named = (of: (step: { title: string }) => string): string[] =>
    steps.filter((step) => summaries.some((text) => text.includes(of(step)))).map(({ kind }) => kind)
  return {
    there: named(({ title }) => title),
    back: named(({ title }) => `] ${title}, back`),
  }
}

const MARKS = 'TemporalChangeVersion' // the SDK says by it which marks of patches a run has: no command of ours

/** The commands that this history is the record of, in order. */
export function recordedCommands({ events }: RecordedHistory): Command[] {
  return events.flatMap((event) => {
    const command = recordedCommand(event)
    return command === null ? [] : [command]
  })
}

function recordedCommand(event: RecordedEvent): Command | null {
  const of = attributesOf(event)
  const summary = textOf(event.userMetadata?.summary)
  switch (event.eventType) {
    case 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED':
      return { kind: 'activity', ...activityFields(of), input: textsOf(of['input']), summary }
    case 'EVENT_TYPE_TIMER_STARTED':
      return { kind: 'timer', id: of['timerId'], ms: msOf(of['startToFireTimeout']), summary }
    case 'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES': {
      const values = mapOf(of['searchAttributes'])
      return MARKS in values ? null : { kind: 'attributes', values }
    }
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED':
      return { kind: 'answer', value: textsOf((of['outcome'] as Fields)['success']) }
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED':
      return { kind: 'complete', result: textsOf(of['result']) }
    case 'EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW':
      return { kind: 'renew', input: textsOf(of['input']) }
    default:
      return null
  }
}

function activityFields(of: Fields): Fields {
  const retry = (of['retryPolicy'] ?? {}) as Fields
  return {
    id: of['activityId'],
    type: (of['activityType'] as Fields)['name'],
    queue: (of['taskQueue'] as Fields)['name'],
    startToCloseMs: msOf(of['startToCloseTimeout']),
    scheduleToCloseMs: msOf(of['scheduleToCloseTimeout']),
    heartbeatMs: msOf(of['heartbeatTimeout']),
    retry: {
      initialMs: msOf(retry['initialInterval']),
      coefficient: retry['backoffCoefficient'],
      maximumMs: msOf(retry['maximumInterval']),
      attempts: retry['maximumAttempts'] ?? 0,
    },
  }
}

/** `5s`, `1.500s` or nothing. */
function msOf(duration: unknown): number {
  return Math.round(Number.parseFloat(String(duration ?? '0s')) * 1_000)
}

function textsOf(payloads: unknown): string[] {
  return ((payloads as { payloads?: { data?: string }[] } | undefined)?.payloads ?? []).map(textOf)
}

function textOf(payload: { data?: string } | undefined): string {
  return Buffer.from(payload?.data ?? '', 'base64').toString()
}

function mapOf(of: unknown): Fields {
  const fields = (of as { indexedFields: Record<string, { data?: string }> }).indexedFields
  return Object.fromEntries(Object.entries(fields).map(([key, payload]) => [key, textOf(payload)]))
}
