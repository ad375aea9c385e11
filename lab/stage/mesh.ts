// A mesh on loopback with a worker and a command line, for the demo and for whole runs in tests: a Kubernetes API server, istiod and its
// Envoy, one service in two versions behind a VirtualService, Prometheus. No cluster, no pods; the worker has the least role.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createFolder } from '../folder.ts'
import { sweepLeftovers } from '../records.ts'
import { type Fleet, startFleet } from '../servers/fleet.ts'
import { serviceObjects } from '../servers/istio-objects.ts'
import { type Istio, pathOf, put, startIstio } from '../servers/istio.ts'
import { type KubeObject, type Kubernetes, startKubernetes } from '../servers/kubernetes.ts'
import { type Prometheus, startPrometheus } from '../servers/prometheus.ts'
import { type Temporal, startTemporal } from '../servers/temporal.ts'
import { until } from '../until.ts'
import type { Json } from '../../workflows/json.ts'
import { type Cli, cliWith } from './cli.ts'
import { EXAMPLES } from './examples.ts'
import { allowAsPrinted } from './role.ts'
import { type Runbook, hurried } from './runbook.ts'
import { type LabWorker, startWorker, temporalEnvironment } from './worker.ts'

const NAMESPACE = 'shop' // of the example
const ACCOUNT = { name: 'cutover', token: 'worker-token-of-the-lab' }
const SLOTS = 1 // behind each service one instance, without a balancer of its own
const HOLD = '5s'

const SERVICE: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'orders', namespace: NAMESPACE },
  spec: {
    hosts: ['*'],
    gateways: ['edge'],
    http: [{ route: [to('orders-v1', 1), to('orders-v2', 0)] }],
  },
}

const SERVICES = pathOf(SERVICE).slice(0, -1 - SERVICE.metadata.name.length)

/** Weights and mirrors as the VirtualService has them. */
export type MeshWorld = { weights: number[]; mirrors: Json[] }

export type MeshStage = {
  kubernetes: Kubernetes
  mesh: Istio
  fleets: { old: Fleet; new: Fleet }
  metrics: Prometheus
  temporal: Temporal
  worker: LabWorker
  cli: Cli
  environment: { [name: string]: string }
  /** examples/mesh-canary.yaml with the addresses and counters of this place and short holds. */
  file: string
  start: MeshWorld
  look(): Promise<MeshWorld>
  /** All errors of before are out of the windows of the guard, and both sides are counted. */
  quiet(): Promise<void>
  /** Everything as at the beginning. */
  reset(): Promise<void>
  close(): Promise<void>
}

export async function openMeshStage(): Promise<MeshStage> {
  sweepLeftovers()
  const folder = createFolder('mesh')
  const ends: (() => Promise<unknown>)[] = [async () => folder.remove()]
  const owned = <T>(part: T, end: (part: T) => Promise<unknown>): T => {
    ends.push(() => end(part))
    return part
  }
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).toReversed()) await end()
  }
  try {
    const kubernetes = owned(
      await startKubernetes({ definitions: ['gateway-api', 'istio'], users: [ACCOUNT] }),
      ({ server }) => server.close(),
    )
    const fleet = async (side: 'old' | 'new') =>
      owned(await startFleet({ side, slots: SLOTS }), ({ server }) => server.close())
    const fleets = { old: await fleet('old'), new: await fleet('new') }
    await kubernetes.create('/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: NAMESPACE },
    })
    for (const object of services(fleets)) await put(kubernetes, object)
    await kubernetes.create(SERVICES, SERVICE)
    const mesh = owned(await startIstio(kubernetes, NAMESPACE), (istio) => istio.close())
    const scrape = [{ job: 'proxy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }]
    const metrics = owned(await startPrometheus({ scrape }), ({ server }) => server.close())
    const temporal = owned(await startTemporal(), ({ server }) => server.close())
    const environment = temporalEnvironment({ temporal })
    const cli = owned(cliWith(environment), (each) => each.end())
    const kubeconfig = join(folder.path, 'kubeconfig')
    writeFileSync(kubeconfig, kubernetes.kubeconfig(ACCOUNT.token), { mode: 0o600 })
    const file = join(folder.path, 'orders.yaml')
    writeFileSync(file, runbook({ kubeconfig, metricsUrl: metrics.url }))
    await allowAsPrinted(kubernetes, { cli, file, user: ACCOUNT.name })
    const worker = owned(await startWorker(environment), ({ server }) => server.close())
    const look = () => lookAround(kubernetes)
    const start = await look()
    return {
      kubernetes,
      mesh,
      fleets,
      metrics,
      temporal,
      worker,
      cli,
      environment,
      file,
      start,
      look,
      close,
      quiet: () => untilQuiet(metrics),
      async reset() {
        await fleets.new.heal()
        await kubernetes.patch(pathOf(SERVICE), { spec: SERVICE['spec'] })
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function to(host: string, weight: number): object {
  return { destination: { host }, weight }
}

function services({ old, new: fresh }: MeshStage['fleets']): KubeObject[] {
  return [...serviceOf('orders-v1', old), ...serviceOf('orders-v2', fresh)]
}

function serviceOf(name: string, { slots: [port = 0] }: Fleet): KubeObject[] {
  return serviceObjects({ namespace: NAMESPACE, name, port })
}

async function lookAround(kubernetes: Kubernetes): Promise<MeshWorld> {
  const { spec } = (await kubernetes.get(pathOf(SERVICE))) as unknown as {
    spec: { http: { route: { weight?: number }[]; mirrors?: Json[] }[] }
  }
  const [rule] = spec.http
  return { weights: (rule?.route ?? []).map(({ weight = 0 }) => weight), mirrors: rule?.mirrors ?? [] }
}

async function untilQuiet({ url }: Prometheus): Promise<void> {
  const ask = async (query: string): Promise<number[]> => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result.map(({ value }) => Number(value[1]))
  }
  await until('both sides are counted, and no error is in the window', async () => {
    const counted = await ask(`envoy_cluster_upstream_rq_total{cluster_name=~".*orders-v.*"}`)
    const errors = await ask(`increase(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[5s]) > 0`)
    return counted.length === 2 && errors.length === 0
  })
}

function runbook({ kubeconfig, metricsUrl }: { kubeconfig: string; metricsUrl: string }): string {
  const example = readFileSync(join(EXAMPLES, 'mesh-canary.yaml'), 'utf8')
    .replaceAll('http://prometheus.example:9090', metricsUrl)
    .replaceAll('file:/etc/cutover/kubeconfig', `file:${kubeconfig}`)
    .replaceAll(
      /istio_requests_total\{([^}]*)destination_service_name="(orders-v\d)"\}/g,
      (_, labels: string, name: string) => counter(name, labels.includes('response_code')),
    )
  const { connections } = parse(example) as Runbook
  const none = { warmUrl: null, resolver: '', newAddress: '' } // it has no step that would need them
  return hurried(example, { service: 'orders', hold: HOLD, connections, ...none })
}

/** A stock Envoy has not the metrics of Istio's: its own say the same by cluster. */
function counter(name: string, isOfFailures: boolean): string {
  const cluster = `cluster_name="outbound|8080||${name}.${NAMESPACE}.svc.cluster.local"`
  return isOfFailures
    ? `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",${cluster}}`
    : `envoy_cluster_upstream_rq_total{${cluster}}`
}
