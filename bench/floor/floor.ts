// Serves the floor: what Temporal and the backend alone cost, without anything of `cutover` between them.
import { fileURLToPath } from 'node:url'
import type { Client, WorkflowHandle } from '@temporalio/client'
import { DefaultLogger, type NativeConnection, Worker, bundleWorkflowCode } from '@temporalio/worker'
import { setWeights } from '../../activities/traffic/haproxy/client.ts'
import { WORKFLOW_TASK_TIMEOUT } from '../../workflows/messages.ts'

const QUEUE = 'bench-floor'
const CACHED_MAX = 2_000 // as for runs
const AT_ONCE_MAX = 200 // as for changes in worker/workers.ts
const WRITE_MS_MAX = 4_000 // as the engine gives a call

/** The write without any look before or after it; null = none, for simulated backends whose write is a memory access. */
export type RawWrite = { socket: string; backend: string; weights: [server: string, weight: number][] } | null

export type FloorActivities = { write(raw: RawWrite): Promise<void> }

export type FloorWorker = {
  /** A workflow that waits for its signal. */
  start(id: string, raw: RawWrite): Promise<WorkflowHandle>
  stop(): Promise<void>
}

export async function serveFloor(of: {
  connection: NativeConnection
  namespace: string
  client: Client
}): Promise<FloorWorker> {
  const { connection, namespace, client } = of
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url))
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: QUEUE,
    workflowBundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
    activities: { write } satisfies FloorActivities,
    maxCachedWorkflows: CACHED_MAX,
    maxConcurrentActivityTaskExecutions: AT_ONCE_MAX,
  })
  const running = worker.run()
  return {
    start: (id, raw) =>
      client.workflow.start('floor', {
        workflowId: `floor/${id}`,
        taskQueue: QUEUE,
        args: [raw],
        workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      }),
    async stop() {
      worker.shutdown()
      await running
    },
  }
}

async function write(raw: RawWrite): Promise<void> {
  if (raw === null) return
  const { socket, ...request } = raw
  await setWeights(socket, request, AbortSignal.timeout(WRITE_MS_MAX))
}
