// Whole runs in a mesh, through the CLI, with requests of users all the time: examples/mesh-canary.yaml on a real istiod and Envoy,
// under the role that `cutover rbac` prints for it. Aborted, broken, and there with a worker that is killed on the way.
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type LoadReport, startLoad } from '../../lab/load.ts'
import { freePorts } from '../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../lab/server-process.ts'
import type { KubeObject } from '../../lab/servers/kubernetes.ts'
import { type Prometheus, startPrometheus } from '../../lab/servers/prometheus.ts'
import { type Temporal, startTemporal } from '../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { EXAMPLES } from '../../lab/stage/examples.ts'
import { CUTOVER, temporalEnvironment } from '../../lab/stage/worker.ts'
import { until } from '../../lab/until.ts'
import { NAMESPACE, WORKER } from './ground.ts'
import { type MeshGround, type Service, pathOf, putService, ref, startMesh } from './traffic/istio-bench.ts'

const PER_SECOND = 200
const WORKER_READY_MS_MAX = 60_000 // it bundles the workflows first, on busy cores
const RUN_MS = 180_000 // a whole run with its proofs, on busy cores

let ground: MeshGround
let folder: Folder
let temporal: Temporal
let metrics: Prometheus
let worker: ServerHandle
let cli: Cli
let fresh: Server
let isBroken = false

beforeAll(async () => {
  folder = createFolder('mesh-run')
  ground = await startMesh()
  const { kubernetes, mesh, upstreams } = ground
  fresh = createServer((_, response) => {
    response.writeHead(isBroken ? 500 : 200, { 'x-side': 'new' }).end('ok')
  })
  fresh.keepAliveTimeout = 0
  fresh.listen(0, '127.0.0.1')
  await once(fresh, 'listening')
  await putService(ground, { name: 'orders-v1', port: upstreams.v1.port })
  await putService(ground, { name: 'orders-v2', port: (fresh.address() as AddressInfo).port })
  await kubernetes.create(pathOf('').slice(0, -1), {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'orders' },
    spec: {
      hosts: ['*'],
      gateways: ['edge'],
      http: [{ route: [ref('orders-v1', 1), ref('orders-v2', 0)] }],
    },
  })
  metrics = await startPrometheus({
    scrape: [{ job: 'proxy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }],
  })
  temporal = await startTemporal()
  cli = cliWith(temporalEnvironment({ temporal }))
  const kubeconfig = join(folder.path, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig(WORKER.token))
  writeFileSync(file(), runbook(kubeconfig))
  await allowAsPrinted()
  worker = await startWorker()
})

afterAll(async () => {
  await cli?.end()
  await worker?.close()
  await temporal?.server.close()
  await metrics?.server.close()
  await ground?.end()
  fresh?.closeAllConnections()
  fresh?.close()
  folder?.remove()
})

const file = (): string => join(folder.path, 'orders.yaml')
const begin = () => cli.follow(['start', file(), '--yes', '--wait', '--as', 'maria'])

type Runbook = {
  guards: { [name: string]: { [field: string]: unknown } }
  steps: { [kind: string]: { [field: string]: unknown } }[]
}

/** The example, with the addresses of this place, the counters of its proxy and short holds. */
function runbook(kubeconfig: string): string {
  const example = readFileSync(join(EXAMPLES, 'mesh-canary.yaml'), 'utf8')
  const text = example
    .replaceAll('http://prometheus.example:9090', metrics.url)
    .replaceAll('file:/etc/cutover/kubeconfig', `file:${kubeconfig}`)
    .replaceAll(
      /istio_requests_total\{([^}]*)destination_service_name="(orders-v\d)"\}/g,
      (_, labels: string, name: string) => {
        const cluster = `cluster_name="outbound|8080||${name}.${NAMESPACE}.svc.cluster.local"`
        return labels.includes('response_code')
          ? `envoy_cluster_upstream_rq_xx{envoy_response_code_class="5",${cluster}}`
          : `envoy_cluster_upstream_rq_total{${cluster}}`
      },
    )
    .replaceAll('[1m]', '[5s]')
  const content = parse(text) as Runbook
  Object.assign(content.guards['errors']!, { every: '1s', min_samples: 1 })
  for (const step of content.steps) {
    if (step['shadow'] !== undefined) Object.assign(step['shadow'], { for: '2s' })
    if (step['canary'] !== undefined) Object.assign(step['canary'], { weights: ['25%', '50%'], hold: '5s' })
    if (step['switch'] !== undefined) Object.assign(step['switch'], { hold: '3s' })
  }
  return stringify(content)
}

/** The worker's account may do what is printed, and nothing else in the whole cluster. */
async function allowAsPrinted(): Promise<void> {
  const { code, stdout, stderr } = await cli.run(['rbac', file(), '--user', WORKER.name])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  for (const document of parseAllDocuments(stdout)) {
    const object = document.toJS() as KubeObject
    const plural = object.kind === 'Role' ? 'roles' : 'rolebindings'
    await ground.kubernetes.create(
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/${plural}`,
      object,
    )
  }
}

async function startWorker(): Promise<ServerHandle> {
  const { server } = await startServer(
    'worker',
    () => freePorts(2),
    ([own = 0, sdk = 0]) => ({
      command: process.execPath,
      args: [CUTOVER, 'worker'],
      env: {
        ...temporalEnvironment({ temporal }),
        CUTOVER_METRICS_ADDRESS: `127.0.0.1:${own}`,
        CUTOVER_SDK_METRICS_ADDRESS: `127.0.0.1:${sdk}`,
        CUTOVER_LOG: 'json',
      },
      isReady: async () => (await fetch(`http://127.0.0.1:${own}/healthz`)).ok,
      readyWithinMs: WORKER_READY_MS_MAX,
    }),
  )
  return server
}

async function world(): Promise<{ weights: unknown; mirrors: unknown }> {
  const { spec } = (await ground.kubernetes.get(pathOf('orders'))) as Service
  return { weights: spec.http[0]?.route.map(({ weight }) => weight), mirrors: spec.http[0]?.mirrors }
}

/** Requests of users while the body runs. */
async function underLoad(body: () => Promise<void>): Promise<LoadReport> {
  const load = await startLoad({ target: { url: ground.mesh.edgeUrl }, ratePerSecond: PER_SECOND })
  try {
    await until('requests are counted', async () => {
      const answer = await fetch(`${metrics.url}/api/v1/query?query=envoy_cluster_upstream_rq_total`)
      return (await answer.text()).includes('orders-v2')
    })
    await body()
  } finally {
    await load.stop()
  }
  return await load.stop()
}

describe('a run in a mesh', () => {
  const start = { weights: [1, 0], mirrors: undefined }

  it(
    'goes back out of a canary when somebody aborts: weights and mirrors as before, no request failed',
    async () => {
      expect(await world()).toEqual(start)
      const { failures, sides } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        expect(await world()).toEqual({ weights: [75, 25], mirrors: undefined })
        await cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
        expect((await run.ended).code, 'aborted and restored').toBe(3)
      })
      expect(await world()).toEqual(start)
      expect(failures).toEqual({})
      expect(sides.new.answered, 'the canary was served').toBeGreaterThan(0)
    },
    RUN_MS,
  )

  it(
    'goes back by itself when the new side breaks in the canary; only what that side answered has failed',
    async () => {
      const { failures } = await underLoad(async () => {
        const run = begin()
        await run.line(/split proven/)
        isBroken = true
        const { code, stdout } = await run.ended
        isBroken = false
        expect(code, 'breached and restored').toBe(5)
        expect(stdout).toMatch(/going back: errors breached/)
      })
      expect(await world()).toEqual(start)
      expect(Object.keys(failures)).toEqual(['status 500'])
    },
    RUN_MS,
  )

  it(
    'moves all users, each share proven, though its worker is killed in the canary',
    async () => {
      const { failures, sides } = await underLoad(async () => {
        await until('what broke is out of the window of the guard', async () => {
          const query = encodeURIComponent(
            'sum(rate(envoy_cluster_upstream_rq_xx{envoy_response_code_class="5"}[5s]))',
          )
          return (await (await fetch(`${metrics.url}/api/v1/query?query=${query}`)).text()).includes(',"0"]')
        })
        const run = begin()
        await run.line(/split proven/)
        await worker.kill()
        await worker.start()
        const { code, stdout, stderr } = await run.ended
        expect(code, `${stdout}${stderr}`).toBe(0)
      })
      expect(await world()).toEqual({ weights: [0, 100], mirrors: undefined })
      expect(failures).toEqual({})
      expect(sides.new.answered).toBeGreaterThan(PER_SECOND)
    },
    RUN_MS,
  )
})
