// What the measure of the mirror stands on: the real API server and Temporal, and a worker as a process of its own that shows its runs
// or does not. Counts by the API server's own metrics and the kernel's record of processor time.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { Agent, fetch as fetchBy } from 'undici'
import { createFolder } from '../../lab/folder.ts'
import { type KubeObject, type Kubernetes, startKubernetes } from '../../lab/servers/kubernetes.ts'
import type { ServerHandle } from '../../lab/server-process.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../lab/stage/worker.ts'
import { spentMs } from '../report/spent.ts'
import { type Front, startFront } from '../../test/kubernetes/front.ts'
import { ACCOUNT, NAMESPACE, install } from '../../test/kubernetes/mirror/stage.ts'

const PATH = `/apis/cutover.dev/v1alpha1/namespaces/${NAMESPACE}/cutovers`
const CACHED = '2000' // every run stays in memory, as in the measure of a thousand runs that hold

export type Spent = {
  workerMs: number
  apiServerMs: number
  temporalMs: number
  reads: number
  writes: number
  at: number
}

export type Shown = { phase?: string; outcome?: string; runId?: string }

export type MirrorGround = {
  client: Client
  kubernetes: Kubernetes
  worker: LabWorker
  /** A worker that shows its runs, or one that does not, in place of the present one. */
  beginWorker(isMirroring: boolean): Promise<void>
  spent(): Promise<Spent>
  workerMs(): number
  shown(service: string): Promise<Shown | null>
  count(): Promise<number>
  /** Between the worker and the API server: refuses with 429 when it is told to. */
  front: Front
  close(): Promise<void>
}

export async function openMirrorGround(): Promise<MirrorGround> {
  const folder = createFolder('mirror-bench')
  const [kubernetes, temporal] = await Promise.all([startKubernetes({ users: [ACCOUNT] }), startTemporal()])
  await install(kubernetes)
  const kubeconfig = join(folder.path, 'kubeconfig')
  const front = await startFront(kubernetes, folder.path)
  writeFileSync(kubeconfig, front.through(kubernetes.kubeconfig(ACCOUNT.token)), { mode: 0o600 })
  const connection = await Connection.connect({ address: temporal.address })
  const plain = { ...temporalEnvironment({ temporal }), CUTOVER_MAX_CACHED_WORKFLOWS: CACHED }
  const mirroring = {
    ...plain,
    CUTOVER_MIRROR_NAMESPACE: NAMESPACE,
    CUTOVER_MIRROR_KUBECONFIG: `file:${kubeconfig}`,
  }
  const get = async (path: string): Promise<KubeObject | null> =>
    await kubernetes.get(path).catch((error: Error) => {
      if (/: 404 /.test(error.message)) return null
      throw error
    })
  const ground: MirrorGround = {
    client: new Client({ connection }),
    kubernetes,
    worker: await startWorker(plain),
    async beginWorker(isMirroring) {
      await ground.worker.server.close()
      ground.worker = await startWorker(isMirroring ? mirroring : plain)
    },
    workerMs: () => spentBy(ground.worker.server),
    async spent() {
      return {
        workerMs: ground.workerMs(),
        apiServerMs: spentBy(kubernetes.server),
        temporalMs: spentBy(temporal.server),
        ...(await requestsOf(kubernetes)),
        at: performance.now(),
      }
    },
    shown: async (service) =>
      ((await get(`${PATH}/${service}`)) as { status?: Shown } | null)?.status ?? null,
    async count() {
      const list = (await get(`${PATH}?limit=2000`)) as { items?: { status?: Shown }[] } | null
      return (list?.items ?? []).filter(({ status }) => status?.phase !== undefined).length
    },
    front,
    async close() {
      await connection.close()
      await ground.worker.server.close()
      front.end()
      await Promise.all([temporal.server.close(), kubernetes.server.close()])
      folder.remove()
    },
  }
  return ground
}

function spentBy({ pid }: ServerHandle): number {
  return spentMs(pid === undefined ? [] : [pid]) ?? Number.NaN
}

/** So many requests about Cutover objects it has answered, whatever with. */
async function requestsOf({ ca, url, admin }: Kubernetes): Promise<{ reads: number; writes: number }> {
  const dispatcher = new Agent({ connect: { ca: readFileSync(ca, 'utf8') } })
  try {
    const headers = { authorization: `Bearer ${admin}` }
    const answer = await fetchBy(`${url}/metrics`, { dispatcher, headers })
    const counts = { reads: 0, writes: 0 }
    for (const line of (await answer.text()).split('\n')) {
      if (!line.startsWith('apiserver_request_total{') || !line.includes('resource="cutovers"')) continue
      const isWrite = /verb="(POST|PUT|PATCH|DELETE)"/.test(line)
      counts[isWrite ? 'writes' : 'reads'] += Number(line.split(' ').at(-1))
    }
    return counts
  } finally {
    await dispatcher.close()
  }
}
