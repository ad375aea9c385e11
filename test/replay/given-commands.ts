// The commands that workflow code gives, in the same words as those that a history records. What the server would add
// (defaults of a retry policy) is added here, so that leaving something out is seen as well as changing it.
import type { Command } from './history.ts'

type Fields = Record<string, unknown>
type Duration = { seconds?: string | number; nanos?: number } | null | undefined
type Payloads = { data?: string }[] | null | undefined

const RETRY_INITIAL_MS = 1_000 // the server's defaults
const RETRY_COEFFICIENT = 2
const RETRY_MAXIMUM_FACTOR = 100 // times the initial interval

/** `activations`: JSON of the commands of each activation, in order. */
export function givenCommands(activations: string[]): Command[] {
  return activations.flatMap((json) => {
    const all = JSON.parse(json) as Fields[]
    const withdrawn = new Set(all.flatMap(withdrawnBy))
    return all.flatMap((command) => {
      const given = givenCommand(command)
      return given === null || withdrawn.has(keyOf(command)) ? [] : [given]
    })
  })
}

/** What is begun and cancelled within one activation never reaches the server. */
function withdrawnBy({ cancelTimer, requestCancelActivity }: Fields): string[] {
  if (cancelTimer) return [`timer ${String((cancelTimer as Fields)['seq'])}`]
  if (requestCancelActivity) return [`activity ${String((requestCancelActivity as Fields)['seq'])}`]
  return []
}

function keyOf({ startTimer, scheduleActivity }: Fields): string {
  if (startTimer) return `timer ${String((startTimer as Fields)['seq'])}`
  if (scheduleActivity) return `activity ${String((scheduleActivity as Fields)['seq'])}`
  return ''
}

function givenCommand(command: Fields): Command | null {
  const summary = (command['userMetadata'] as { summary?: { data?: string } } | null)?.summary?.data ?? ''
  const [name = '', value] = Object.entries(command).find(([key]) => key in kinds) ?? []
  const kind = kinds[name]
  return kind === undefined ? null : kind(value as Fields, summary)
}

const kinds: Record<string, (of: Fields, summary: string) => Command | null> = {
  scheduleActivity: (of, summary) => ({
    kind: 'activity',
    ...activityFields(of),
    input: texts(of['arguments']),
    summary,
  }),
  startTimer: (of, summary) => ({
    kind: 'timer',
    id: String(of['seq']),
    ms: ms(of['startToFireTimeout']),
    summary,
  }),
  upsertWorkflowSearchAttributes: (of) => ({ kind: 'attributes', values: values(of['searchAttributes']) }),
  updateResponse: (of) => (of['completed'] ? { kind: 'answer', value: texts([of['completed']]) } : null),
  completeWorkflowExecution: (of) => ({ kind: 'complete', result: texts([of['result']]) }),
  continueAsNewWorkflowExecution: (of) => ({ kind: 'renew', input: texts(of['arguments']) }),
}

function activityFields(of: Fields): Fields {
  const retry = (of['retryPolicy'] ?? {}) as Fields
  const [startToCloseMs, scheduleToCloseMs] = [
    ms(of['startToCloseTimeout']),
    ms(of['scheduleToCloseTimeout']),
  ]
  const initialMs = retry['initialInterval'] ? ms(retry['initialInterval']) : RETRY_INITIAL_MS
  return {
    id: of['activityId'],
    type: of['activityType'],
    queue: of['taskQueue'],
    // No try may take longer than all of them together: the server cuts it.
    startToCloseMs: scheduleToCloseMs > 0 ? Math.min(startToCloseMs, scheduleToCloseMs) : startToCloseMs,
    scheduleToCloseMs,
    heartbeatMs: ms(of['heartbeatTimeout']),
    retry: {
      initialMs,
      coefficient: retry['backoffCoefficient'] ?? RETRY_COEFFICIENT,
      maximumMs: retry['maximumInterval'] ? ms(retry['maximumInterval']) : RETRY_MAXIMUM_FACTOR * initialMs,
      attempts: retry['maximumAttempts'] ?? 0,
    },
  }
}

function ms(duration: unknown): number {
  const { seconds = 0, nanos = 0 } = (duration as Duration) ?? {}
  return Number(seconds) * 1_000 + Math.round(nanos / 1_000_000)
}

function texts(payloads: unknown): string[] {
  return ((payloads as Payloads) ?? []).map((payload) => payload.data ?? '')
}

function values(of: unknown): Fields {
  const fields = (of as { indexedFields: Record<string, { data?: string }> }).indexedFields
  return Object.fromEntries(Object.entries(fields).map(([key, payload]) => [key, payload.data ?? '']))
}
