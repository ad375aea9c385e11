// Serves the floor: what Temporal and the backend alone cost, without anything of `cutover` between them.
import { fileURLToPath } from 'node:url'
import type { Client, WorkflowHandle } from '@temporalio/client'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { DefaultLogger, type NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker'
import { setWeights } from '../../activities/traffic/haproxy/client.ts'
import { WORKFLOW_TASK_TIMEOUT } from '../../workflows/messages.ts'

const QUEUE = 'bench-floor'
const CACHED_MAX = 2_000 // as for runs
const AT_ONCE_MAX = 200 // as for changes in worker/workers.ts
const WRITE_MS_MAX = 4_000 // as the engine gives a call

/** The write without any look before or after it; null = none, for simulated backends whose write is a memory access. */
export type RawWrite = { socket: string; backend: string; weights: [server: string, weight: number][] } | null

export type FloorActivities = {
  write(raw: RawWrite): Promise<void>
  /** A look that sees nothing, says so and is asked again. */
  look(): Promise<void>
}

/** Starts a workflow that waits for its signal `go`, looking on meanwhile if it is told how often. */
export async function startFloor(
  client: Client,
  { id, raw = null, lookEveryMs = null }: { id: string; raw?: RawWrite; lookEveryMs?: number | null },
): Promise<WorkflowHandle> {
  return await client.workflow.start('floor', {
    workflowId: `floor/${id}`,
    taskQueue: QUEUE,
    args: [raw, lookEveryMs],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
  })
}

export async function serveFloor(of: {
  connection: NativeConnection
  namespace: string
}): Promise<{ stop(): Promise<void> }> {
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url))
  const worker = await Worker.create({
    ...of,
    taskQueue: QUEUE,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
    activities: { write, look } satisfies FloorActivities,
    maxCachedWorkflows: CACHED_MAX,
    maxConcurrentActivityTaskExecutions: AT_ONCE_MAX,
  })
  const running = worker.run()
  return {
    async stop() {
      worker.shutdown()
      await running
    },
  }
}

async function look(): Promise<void> {
  Context.current().heartbeat({ looked: true }) // where a watch keeps its counters
  throw ApplicationFailure.create({ message: 'not yet', category: 'BENIGN' })
}

async function write(raw: RawWrite): Promise<void> {
  if (raw === null) return
  const { socket, ...request } = raw
  await setWeights(socket, request, AbortSignal.timeout(WRITE_MS_MAX))
}
