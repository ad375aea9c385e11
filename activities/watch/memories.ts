// What the looks of a run remember, read from the server: heartbeat details outlive an attempt, but not the history of a run.
import type { Client } from '@temporalio/client'
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js'
import type { Memories, Resumable, LookMemory } from '../../workflows/activities.ts'
import { failure } from '../failure.ts'

/** By the names of the looks; those without a name, and calls that change something, remember nothing for others. */
export async function memoriesOf(
  client: Client,
  { workflowId, runId }: { workflowId: string; runId: string },
): Promise<Memories> {
  const memories: Memories = {}
  for (const details of await heartbeats(client, workflowId, runId)) {
    const { name, ...memory } = (details ?? {}) as LookMemory & Resumable
    if (typeof name === 'string') memories[name] = memory
  }
  return memories
}

async function heartbeats(client: Client, workflowId: string, runId: string): Promise<unknown[]> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId, runId).describe()
    const { loadedDataConverter } = client.options
    const decoded = (raw.pendingActivities ?? []).map(({ heartbeatDetails }) =>
      decodeArrayFromPayloads(loadedDataConverter, heartbeatDetails?.payloads),
    )
    return (await Promise.all(decoded)).map(([details]) => details)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    throw failure('Unavailable', `look at what was counted, on the Temporal server: ${words}`, { cause })
  }
}
