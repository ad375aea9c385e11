// Single events of a history: its first and its last one, without the rest.
import type { Client } from '@temporalio/client'

export const SERVER_ANSWERS_WITHIN_MS = 30_000 // for what the server alone answers: a busy one is waited for, as a connection is
const CLOSE_EVENT = 2 // temporal.api.enums.v1.HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT

type Execution = { workflowId: string; runId: string }

/** With its input. */
export async function firstEvent(client: Client, of: Execution) {
  return (await events(client, of, { maximumPageSize: 1 })).at(0)
}

/** How it was closed; while it is open, its last event so far. */
export async function lastEvent(client: Client, of: Execution) {
  return (await events(client, of, { historyEventFilterType: CLOSE_EVENT })).at(-1)
}

type Part = { maximumPageSize: number } | { historyEventFilterType: number }

async function events(client: Client, of: Execution, part: Part) {
  const { namespace } = client.options
  const answer = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
    client.workflowService.getWorkflowExecutionHistory({ namespace, execution: of, ...part }),
  )
  return answer.history?.events ?? []
}
