// Lists runs from the visibility store. It is eventually consistent: good for an overview, not for decisions.
import { attributes } from '../workflows/messages.ts'
import type { TemporalAccess } from './access.ts'

export type ListedRun = {
  service: string
  phase: string | null
  weight: number | null
  gate: string | null
  outcome: string | null
  startedAt: string
  endedAt: string | null
  workflowId: string
  runId: string
}

const PREFIX = 'cutover/'

export type Listing = {
  /** The ended ones too. */
  all: boolean
  /** The newest so many. */
  max: number
  /** Only of services whose names begin so. */
  service?: string | undefined
  phase?: string | undefined
}

export async function listRuns({ client }: TemporalAccess, listing: Listing): Promise<ListedRun[]> {
  const runs: ListedRun[] = []
  for await (const found of client.workflow.list({ query: queryOf(listing) })) {
    if (runs.length >= listing.max) break
    if (found.status.name === 'CONTINUED_AS_NEW') continue // the same run goes on under another run id
    const { typedSearchAttributes: told } = found
    const isTerminated = found.status.name === 'TERMINATED' || found.status.name === 'FAILED'
    runs.push({
      service: told.get(attributes.service) ?? found.workflowId.replace(PREFIX, ''),
      phase: found.closeTime === undefined ? (told.get(attributes.phase) ?? null) : 'ended',
      weight: told.get(attributes.weight) ?? null,
      gate: found.closeTime === undefined ? (told.get(attributes.gate) ?? null) : null,
      outcome: isTerminated ? found.status.name.toLowerCase() : (told.get(attributes.outcome) ?? null),
      startedAt: found.startTime.toISOString(),
      endedAt: found.closeTime?.toISOString() ?? null,
      workflowId: found.workflowId,
      runId: found.runId,
    })
  }
  return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt))
}

function queryOf({ all, service, phase }: Listing): string {
  return [
    'WorkflowType = "cutover"',
    ...(all ? [] : ['ExecutionStatus = "Running"']),
    ...(service === undefined ? [] : [`WorkflowId STARTS_WITH ${quoted(`${PREFIX}${service}`)}`]),
    ...(phase === undefined ? [] : [`${attributes.phase.name} = ${quoted(phase)}`]),
  ].join(' AND ')
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '')}"`
}
