// What the measures of providers in a mesh stand on: one API server, istiod and Envoy with load through it, the real controller of Argo
// Rollouts, Temporal and a worker. Controller and worker are processes of their own, as they are run; both peers pay for the same
// servers, the same cores and the same neighbours.
import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client, Connection } from '@temporalio/client'
import { type Load, startLoad } from '../../lab/load.ts'
import { startPods, startRollouts } from '../../lab/servers/argo-rollouts.ts'
import { serviceObjects } from '../../lab/servers/istio-objects.ts'
import { type Istio, put, startIstio } from '../../lab/servers/istio.ts'
import { type Kubernetes, startKubernetes } from '../../lab/servers/kubernetes.ts'
import { startPrometheus } from '../../lab/servers/prometheus.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import { startWorker, temporalEnvironment } from '../../lab/stage/worker.ts'
import { type Api, connectApi } from './api.ts'

export const NAMESPACE = 'shop'
const SECONDS_MAX = 3_600

export interface Ground {
  kubernetes: Kubernetes
  api: Api
  mesh: Istio
  client: Client
  prometheusUrl: string
  /** Requests of users through the gateway, at this rate, until it is stopped. */
  load(url: string, ratePerSecond: number): Promise<Load>
  close(): Promise<void>
}

/** Whatever was started, in the other order of starting. */
type Ends = (() => unknown)[]

export async function openGround(): Promise<Ground> {
  const ends: Ends = []
  const close = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end()
  }
  try {
    return { ...(await open(ends)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function open(ends: Ends): Promise<Omit<Ground, 'close'>> {
  const kubernetes = await startKubernetes({
    definitions: ['gateway-api', 'istio', 'argo-rollouts', 'argo-analysis'],
  })
  ends.push(() => kubernetes.server.close())
  await put(kubernetes, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } })
  for (const side of ['old', 'new']) await putServices(kubernetes, side, ends)
  const mesh = await startIstio(kubernetes, NAMESPACE)
  ends.push(() => mesh.close())
  const pods = startPods(kubernetes, NAMESPACE)
  ends.push(() => pods.end())
  const controller = await startRollouts(kubernetes)
  ends.push(() => controller.close())
  const metrics = await startPrometheus({
    scrape: [{ job: 'proxy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }],
  })
  ends.push(() => metrics.server.close())
  const api = connectApi(kubernetes)
  ends.push(() => api.close())
  const client = await startServing(kubernetes, ends)
  return {
    kubernetes,
    api,
    mesh,
    client,
    prometheusUrl: metrics.url,
    load: (url, ratePerSecond) => startLoad({ target: { url }, ratePerSecond, secondsMax: SECONDS_MAX }),
  }
}

/** Services of a side, one for each edge that is measured: a Rollout owns its own. */
async function putServices(kubernetes: Kubernetes, side: string, ends: Ends): Promise<void> {
  const server: Server = createServer((_, response) => {
    response.setHeader('x-side', side)
    response.end('ok')
  })
  server.keepAliveTimeout = 0 // a connection that is closed while it is reused would lose a request
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const names = [`orders-${side}`, side === 'old' ? 'argo-stable' : 'argo-canary']
  for (const name of names)
    for (const object of serviceObjects({ namespace: NAMESPACE, name, port })) await put(kubernetes, object)
}

async function startServing(kubernetes: Kubernetes, ends: Ends): Promise<Client> {
  const temporal = await startTemporal()
  ends.push(() => temporal.server.close())
  const { address, namespace } = temporal
  const worker = await startWorker({
    ...temporalEnvironment({ temporal }),
    LAB_KUBECONFIG: kubernetes.kubeconfig(kubernetes.admin),
  })
  ends.push(() => worker.server.close())
  const connection = await Connection.connect({ address })
  ends.push(() => connection.close())
  return new Client({ connection, namespace })
}
