// A dev server and a worker with a simulated world, for tests of single parts of the engine.
import { fileURLToPath } from 'node:url'
import { NativeConnection, bundleWorkflowCode, DefaultLogger, Runtime } from '@temporalio/worker'
import { startTemporal } from '../../lab/servers/temporal.ts'
import type { TestWorker, TestWorkerOptions } from '../../worker/testing.ts'
import { createTestWorker } from '../../worker/testing.ts'

export interface Bench {
  client: TestWorker['client']
  /** Another worker on the same queues, to go on when the first is stopped. */
  another(): Promise<TestWorker>
  worker: TestWorker
  close(): Promise<void>
}

/** `workflows`: a file of this folder whose exports are served. */
export async function startBench(
  workflows: string,
  options: Partial<TestWorkerOptions> = {},
): Promise<Bench> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  const workflowsPath = fileURLToPath(new URL(workflows, import.meta.url))
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') })
  const temporal = await startTemporal()
  const connection = await NativeConnection.connect({ address: temporal.address })
  const workers: TestWorker[] = []
  const another = async (): Promise<TestWorker> => {
    const made = await createTestWorker({ connection, namespace: temporal.namespace, bundle, ...options })
    workers.push(made)
    return made
  }
  const worker = await another()
  return {
    client: worker.client,
    worker,
    another,
    close: async () => {
      for (const made of workers) await made.stop()
      await connection.close()
      await temporal.server.close()
    },
  }
}
