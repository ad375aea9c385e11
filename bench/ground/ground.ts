// What every measure stands on: the lab, a client, and a worker in this process that serves runs and the floor alike, so
// that both pay for the same server, the same event loop and the same neighbours.
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { type Lab, startLab } from '../../lab/lab.ts'
import { depsOf } from '../../lab/stage/connect.ts'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { createTestWorker } from '../../worker/testing.ts'
import { spentMs } from '../report/spent.ts'
import { serveFloor } from '../floor/floor.ts'

const CACHED_MAX = 2_000 // nothing is replayed while it is measured

const MORE_EDGES = ['nginx', 'traefik', 'caddy'] as const

export type Ground = {
  lab: Lab
  client: Client
  /** Temporal, and its database where it is another process: what they have spent so far; null where nobody knows. */
  serverSpentMs(): number | null
  /** Serves runs and the floor from this process, until `stop`. */
  serve(): Promise<Serving>
  close(): Promise<void>
}

export type Serving = { stop(): Promise<void> }

/** `onCluster`: Temporal with its state in PostgreSQL, instead of the dev server. */
export async function openGround({ onCluster = false } = {}): Promise<Ground> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } }, // a busy machine makes tasks late, which the figures tell
  })
  const lab = await startLab({ also: [...MORE_EDGES, ...(onCluster ? (['temporalDatabase'] as const) : [])] })
  const { address, namespace } = lab.addresses.temporal
  const connection = await NativeConnection.connect({ address })
  const client = new Client({ connection, namespace })
  const bundle = await loadWorkflowBundle()
  return {
    lab,
    client,
    serverSpentMs() {
      const { temporal, temporalDatabase } = lab.parts as Partial<Lab['parts']>
      return spentMs([temporal?.server.pid, temporalDatabase?.server.pid].filter((pid) => pid !== undefined))
    },
    async serve() {
      const deps = depsOf(lab)
      const worker = await createTestWorker({
        connection,
        namespace,
        bundle,
        deps,
        maxCachedWorkflows: CACHED_MAX,
      })
      const floor = await serveFloor({ connection, namespace })
      return {
        async stop() {
          await floor.stop()
          await worker.stop()
        },
      }
    },
    async close() {
      await connection.close()
      await lab.stop()
    },
  }
}
