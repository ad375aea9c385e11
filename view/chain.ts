// Runs by name: a run id or its beginning, the last run of a service, and the run id under which a renewed run goes on.
import type { Client, WorkflowHandle } from '@temporalio/client'
import { WorkflowNotFoundError } from '@temporalio/client'
import { workflowIdOf } from '../workflows/messages.ts'
import { formatDuration } from '../workflows/quantities.ts'
import type { TemporalAccess } from './access.ts'
import { SERVER_ANSWERS_WITHIN_MS, lastEvent } from './events.ts'
import { RunTrouble } from './trouble.ts'

const RUN_ID_LENGTH = 36 // a UUID
const RUNS_NAMED_MAX = 5 // enough to recognise one's own
const RUNS_LISTED_MAX = 1_000

/** The run id that is meant: a whole one is taken as it is, the beginning of one is looked up. */
export async function runIdOf(access: TemporalAccess, service: string, given: string): Promise<string> {
  if (given.length >= RUN_ID_LENGTH) return given
  const runIds = await runIdsOf(access, service)
  const meant = runIds.filter((each) => each.startsWith(given.toLowerCase()))
  const [only] = meant
  if (only !== undefined && meant.length === 1) return only
  if (only === undefined) {
    const workflowId = workflowIdOf(service)
    const goesOn = await startedAs(access.client, { workflowId, runId: given.toLowerCase() })
    if (goesOn !== undefined) return goesOn
    throw await noSuchRun(access, { service, runId: given, others: runIds })
  }
  throw new RunTrouble(
    { code: 'ambiguous-run', service, runId: given, meant },
    { what: `several runs of ${service} begin with ${given}` },
  )
}

/** What is wrong when the server knows no such run: the service never ran, or this run of it is not there. */
export async function notFound(
  access: TemporalAccess,
  { service, runId, cause }: { service: string; runId: string | undefined; cause: unknown },
): Promise<RunTrouble> {
  if (runId !== undefined) {
    const others = await runIdsOf(access, service).catch(() => []) // the problem itself is certain
    if (others.length > 0) return await noSuchRun(access, { service, runId, others, cause })
  }
  return await noRun(access, service, cause)
}

async function noRun(
  { client, namespace, address }: TemporalAccess,
  service: string,
  cause: unknown,
): Promise<RunTrouble> {
  const kept = await keptMs(client).catch(() => 0) // the problem itself is certain
  const forgets = kept === 0 ? '' : `, which keeps those that have ended for ${formatDuration(kept)}`
  const why = `no workflow ${workflowIdOf(service)} in namespace ${namespace} at ${address}${forgets}`
  return new RunTrouble({ code: 'no-run', service }, { what: `there is no run of ${service}`, why, cause })
}

/** How long the namespace keeps what has ended. */
async function keptMs(client: Client): Promise<number> {
  const { namespace } = client.options
  const { config } = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
    client.workflowService.describeNamespace({ namespace }),
  )
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000
}

type Missed = { service: string; runId: string; others: string[]; cause?: unknown }

async function noSuchRun(
  access: TemporalAccess,
  { service, runId, others, cause }: Missed,
): Promise<RunTrouble> {
  if (others.length === 0) return await noRun(access, service, cause)
  const more = others.length > RUNS_NAMED_MAX ? `, and ${others.length - RUNS_NAMED_MAX} older ones` : ''
  const named = others.slice(0, RUNS_NAMED_MAX).join(', ')
  return new RunTrouble(
    { code: 'no-such-run', service, runId, others },
    {
      what: `${service} has no run ${runId}`,
      why: `the workflow ${workflowIdOf(service)} is there; its run ids: ${named}${more}`,
      cause,
    },
  )
}

/** Newest first, as the visibility store lists them. */
async function runIdsOf({ client }: TemporalAccess, service: string): Promise<string[]> {
  const found: { runId: string; startedAt: number }[] = []
  const query = `WorkflowId = "${workflowIdOf(service).replaceAll(/["\\]/g, '')}"`
  await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, async () => {
    for await (const { runId, startTime } of client.workflow.list({ query })) {
      found.push({ runId, startedAt: startTime.getTime() })
      if (found.length >= RUNS_LISTED_MAX) break
    }
  })
  return found.sort((a, b) => b.startedAt - a.startedAt).map(({ runId }) => runId)
}

/** The run id under which a run goes on that was continued as new; undefined when it was not. */
export async function successorOf(client: Client, of: { workflowId: string; runId: string }) {
  const last = await lastEvent(client, of)
  return last?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ?? undefined
}

/**
 * The run id under which the last run of the workflow goes on, when it was started as `runId` (or with this beginning of it):
 * the server may have forgotten its first histories. Undefined when it was not.
 */
export async function startedAs(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
) {
  try {
    const last = await client.withDeadline(Date.now() + SERVER_ANSWERS_WITHIN_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    )
    const isMeant = last.raw.workflowExecutionInfo?.firstRunId?.startsWith(runId) === true
    return isMeant && last.runId !== runId ? last.runId : undefined
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined
    throw error
  }
}

/** Says something to this very run, or to what it goes on as; never to another run of the service. */
export async function toRun<T>(
  client: Client,
  of: { workflowId: string; runId: string },
  say: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  let runId = of.runId
  for (;;) {
    try {
      return await say(client.workflow.getHandle(of.workflowId, runId))
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error
      const asked = { workflowId: of.workflowId, runId }
      const next = await successorOf(client, asked).catch(() => startedAs(client, asked)) // its history is forgotten
      if (next === undefined) throw error
      runId = next
    }
  }
}
