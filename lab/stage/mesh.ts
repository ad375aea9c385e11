// A mesh on loopback with a worker and a command line, for the demo and for whole runs in tests: a Kubernetes API server, istiod and its
// Envoy, one service in two versions behind a VirtualService, Prometheus. No cluster, no pods; the worker has the least role. What is
// played on it (which example, and what moves its weights) is a `Play`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { createFolder } from '../folder.ts'
import { sweepLeftovers } from '../records.ts'
import { type Fleet, startFleet } from '../servers/fleet.ts'
import { serviceObjects } from '../servers/istio-objects.ts'
import { type Istio, pathOf, put, startIstio } from '../servers/istio.ts'
import { type Definitions, type KubeObject, type Kubernetes, startKubernetes } from '../servers/kubernetes.ts'
import { type Prometheus, startPrometheus } from '../servers/prometheus.ts'
import { type Temporal, startTemporal } from '../servers/temporal.ts'
import { until } from '../until.ts'
import type { Json } from '../../workflows/json.ts'
import { type Cli, cliWith } from './cli.ts'
import { EXAMPLES } from './examples.ts'
import { allowAsPrinted } from './role.ts'
import { type Runbook, hurried } from './runbook.ts'
import { type LabWorker, startWorker, temporalEnvironment } from './worker.ts'

export const NAMESPACE = 'shop' // of the examples
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

export type Fleets = { old: Fleet; new: Fleet }

export type Play = {
  /** Its file among the examples. */
  example: string
  definitions: Definitions[]
  /** What is there before istiod starts. */
  furnish(kubernetes: Kubernetes, fleets: Fleets): Promise<void>
  /** What moves weights besides the run; resolves with its end. */
  begin?(kubernetes: Kubernetes, fleets: Fleets): Promise<() => Promise<void>>
  /** The label of the example's counters that tells the versions, and by what services each is counted here. */
  counted: { label: string; services: { [value: string]: string } }
}

const CANARY: Play = {
  example: 'mesh-canary.yaml',
  definitions: ['gateway-api', 'istio'],
  async furnish(kubernetes, { old, new: fresh }) {
    for (const object of [...serviceOf('orders-v1', old), ...serviceOf('orders-v2', fresh)])
      await put(kubernetes, object)
    await kubernetes.create(SERVICES, SERVICE)
  },
  counted: {
    label: 'destination_service_name',
    services: { 'orders-v1': 'orders-v1', 'orders-v2': 'orders-v2' },
  },
}

/** Weights and mirrors as the VirtualService has them. */
export type MeshWorld = { weights: number[]; mirrors: Json[] }

export type MeshStage = {
  kubernetes: Kubernetes
  mesh: Istio
  fleets: Fleets
  metrics: Prometheus
  temporal: Temporal
  worker: LabWorker
  cli: Cli
  environment: { [name: string]: string }
  /** The example with the addresses and counters of this place and short holds. */
  file: string
  start: MeshWorld
  look(): Promise<MeshWorld>
  /** All errors of before are out of the windows of the guard, and both sides are counted. */
  quiet(): Promise<void>
  /** Everything as at the beginning. */
  reset(): Promise<void>
  close(): Promise<void>
}

export async function openMeshStage(play: Play = CANARY): Promise<MeshStage> {
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
      await startKubernetes({ definitions: play.definitions, users: [ACCOUNT] }),
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
    await play.furnish(kubernetes, fleets)
    const mesh = owned(await startIstio(kubernetes, NAMESPACE), (istio) => istio.close())
    if (play.begin !== undefined) owned(await play.begin(kubernetes, fleets), (end) => end())
    const scrape = [{ job: 'proxy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }]
    const metrics = owned(await startPrometheus({ scrape }), ({ server }) => server.close())
    const temporal = owned(await startTemporal(), ({ server }) => server.close())
    const environment = temporalEnvironment({ temporal })
    const cli = owned(cliWith(environment), (each) => each.end())
    const kubeconfig = join(folder.path, 'kubeconfig')
    writeFileSync(kubeconfig, kubernetes.kubeconfig(ACCOUNT.token), { mode: 0o600 })
    const file = join(folder.path, 'orders.yaml')
    writeFileSync(file, runbook(play, { kubeconfig, metricsUrl: metrics.url }))
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
      quiet: () => untilQuiet(metrics, Object.values(play.counted.services)),
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

export function serviceOf(name: string, { slots: [port = 0] }: Fleet): KubeObject[] {
  return serviceObjects({ namespace: NAMESPACE, name, port })
}

async function lookAround(kubernetes: Kubernetes): Promise<MeshWorld> {
  const { spec } = (await kubernetes.get(pathOf(SERVICE))) as unknown as {
    spec: { http: { route: { weight?: number }[]; mirrors?: Json[] }[] }
  }
  const [rule] = spec.http
  return { weights: (rule?.route ?? []).map(({ weight = 0 }) => weight), mirrors: rule?.mirrors ?? [] }
}

async function untilQuiet({ url }: Prometheus, services: string[]): Promise<void> {
  const ask = async (query: string): Promise<number[]> => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result.map(({ value }) => Number(value[1]))
  }
  await until('both sides are counted, and no error is in the window', async () => {
    const counted = await ask(
      `envoy_cluster_upstream_rq_total{cluster_name=~".*(${services.join('|')}).${NAMESPACE}.*"}`,
    )
    const errors = await ask(`increase(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[5s]) > 0`)
    return counted.length === 2 && errors.length === 0
  })
}

function runbook(
  { example: file, counted }: Play,
  { kubeconfig, metricsUrl }: { kubeconfig: string; metricsUrl: string },
): string {
  const { label, services } = counted
  const example = readFileSync(join(EXAMPLES, file), 'utf8')
    .replaceAll('http://prometheus.example:9090', metricsUrl)
    .replaceAll('file:/etc/cutover/kubeconfig', `file:${kubeconfig}`)
    .replaceAll(
      new RegExp(`istio_requests_total\\{([^}]*)${label}="([^"]*)"\\}`, 'g'),
      (_, labels: string, value: string) =>
        counter(services[value] ?? value, labels.includes('response_code')),
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
