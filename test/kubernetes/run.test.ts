// A whole run on a Kubernetes API server, through the CLI, with requests of users all the time: examples/gateway-api.yaml under
// the role that `cutover rbac` prints for it. Forward, and back out of a canary; the world is looked at without the providers.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Folder, createFolder } from '../../lab/folder.ts'
import type { ServerHandle } from '../../lab/server-process.ts'
import { type Prometheus, startPrometheus } from '../../lab/servers/prometheus.ts'
import { type Temporal, startTemporal } from '../../lab/servers/temporal.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { EXAMPLES } from '../../lab/stage/examples.ts'
import { allowAsPrinted } from '../../lab/stage/role.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../lab/stage/worker.ts'
import { until } from '../../lab/until.ts'
import { type Upstream, startUpstream } from '../contract/traffic/upstream.ts'
import { type Nodes, startNodes } from './capacity/nodes.ts'
import { putScaler, putWorkload, scalerPath, workloadPath } from './capacity/workload-bench.ts'
import { type Ground, WORKER, startGround } from './ground.ts'
import { type Gateway, startGateway } from './traffic/gateway.ts'
import { pathOf, read, ref } from './traffic/gateway-bench.ts'
import { askedMeanwhile } from './under-load.ts'

const PER_SECOND = 200
const RECONCILE_MS = 500 // more often than any that is used
const CONTROLLERS = ['deployment-controller', 'replicaset-controller', 'horizontal-pod-autoscaler-controller']

let ground: Ground
let folder: Folder
let temporal: Temporal
let metrics: Prometheus
let controllers: ServerHandle
let worker: LabWorker
let gateway: Gateway
let nodes: Nodes
let cli: Cli
let upstreams: Upstream[]

beforeAll(async () => {
  folder = createFolder('kubernetes-run')
  ground = await startGround(['gateway-api', 'keda'])
  const { kubernetes } = ground
  controllers = await kubernetes.startControllers(CONTROLLERS)
  nodes = startNodes(kubernetes)
  for (const [name, replicas] of [
    ['orders-v1', 3],
    ['orders-v2', 1],
  ] as const)
    await putWorkload(
      { ...ground, allow: async () => {} },
      {
        word: 'deployment',
        name,
        replicas,
        container: { readinessProbe: { httpGet: { path: '/ready', port: 80 } } },
      },
    )
  await putScaler(ground, {
    word: 'deployment',
    name: 'orders-v2',
    bounds: { scaler: 'hpa', min: 1, max: 8 },
  })
  await kubernetes.create(pathOf(''), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'orders' },
    spec: {
      parentRefs: [{ name: 'edge' }, { name: 'inside' }],
      rules: [{ backendRefs: [ref('orders-v1', 1), ref('orders-v2', 0)] }],
    },
  })
  upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old, fresh] = upstreams as [Upstream, Upstream]
  gateway = await startGateway(kubernetes, {
    path: pathOf('orders'),
    backends: { 'orders-v1': old, 'orders-v2': fresh },
  })
  await read(ground, 'orders')
  metrics = await startPrometheus({ scrape: [{ job: 'gateway', targets: [gateway.metrics.host] }] })
  temporal = await startTemporal()
  cli = cliWith(temporalEnvironment({ temporal }))
  const kubeconfig = join(folder.path, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig(WORKER.token))
  writeFileSync(join(folder.path, 'orders.yaml'), runbook(kubeconfig))
  await allowAsPrinted(kubernetes, { cli, file: join(folder.path, 'orders.yaml'), user: WORKER.name })
  worker = await startWorker(temporalEnvironment({ temporal }))
})

afterAll(async () => {
  await cli?.end()
  await worker?.server.close()
  await temporal?.server.close()
  await metrics?.server.close()
  await gateway?.end()
  await nodes?.end()
  await controllers?.close()
  await ground?.kubernetes.server.close()
  await Promise.all((upstreams ?? []).map((upstream) => upstream.end()))
  folder?.remove()
})

type Runbook = {
  connections: { [name: string]: { [field: string]: unknown } }
  guards: { [name: string]: { [field: string]: unknown } }
  steps: { [kind: string]: { [field: string]: unknown } }[]
}

/** The example, with the addresses and counters of this place and short holds. */
function runbook(kubeconfig: string): string {
  const example = readFileSync(join(EXAMPLES, 'gateway-api.yaml'), 'utf8')
  const text = example
    .replaceAll('http://prometheus.example:9090', metrics.url)
    .replaceAll('file:/etc/cutover/kubeconfig', `file:${kubeconfig}`)
    .replaceAll(
      /istio_requests_total\{([^}]*)destination_service_name="(orders-v\d)"\}/g,
      (_, labels: string, backend: string) =>
        `${labels.includes('response_code') ? 'failures' : 'requests'}_total{backend="${backend}"}`,
    )
    .replaceAll('[1m]', '[5s]')
  const content = parse(text) as Runbook
  Object.assign(content.guards['errors']!, { every: '1s', min_samples: 1 })
  for (const step of content.steps) {
    if (step['canary'] !== undefined) Object.assign(step['canary'], { weights: ['25%', '50%'], hold: '3s' })
    if (step['switch'] !== undefined) Object.assign(step['switch'], { hold: '3s' })
  }
  return stringify(content)
}

type Numbers = {
  spec: { replicas?: number; minReplicas?: number; rules?: { backendRefs: { weight: number }[] }[] }
}

async function world(): Promise<{ weights: unknown; instances: unknown; floor: unknown }> {
  const [route, deployment, hpa] = (await Promise.all([
    ground.kubernetes.get(pathOf('orders')),
    ground.kubernetes.get(workloadPath('deployment', 'orders-v2')),
    ground.kubernetes.get(scalerPath('hpa', 'orders-v2')),
  ])) as unknown as [Numbers, Numbers, Numbers]
  const [rule] = route.spec.rules ?? []
  return {
    weights: rule?.backendRefs.map(({ weight }) => weight),
    instances: deployment.spec.replicas,
    floor: hpa.spec.minReplicas,
  }
}

const underLoad = (body: () => Promise<void>) =>
  askedMeanwhile({ url: gateway.url, perSecond: PER_SECOND }, body)

/** As GitOps with self-heal: what is declared is applied again and again, whoever has changed it. */
function reconciling(): { suspend(): Promise<void> } {
  const stopped = new AbortController()
  const declared = stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'orders' },
    spec: {
      parentRefs: [{ name: 'edge' }, { name: 'inside' }],
      rules: [{ backendRefs: [ref('orders-v1', 1), ref('orders-v2', 0)] }],
    },
  })
  const working = (async () => {
    while (!stopped.signal.aborted) {
      await ground.kubernetes.patch(`${pathOf('orders')}?fieldManager=argocd-controller&force=true`, declared)
      await new Promise((resolve) => setTimeout(resolve, RECONCILE_MS))
    }
  })()
  return {
    async suspend() {
      stopped.abort()
      await working
    },
  }
}

describe('a run on Kubernetes', () => {
  const file = (): string => join(folder.path, 'orders.yaml')
  const begin = () => cli.follow(['start', file(), '--yes', '--wait', '--as', 'maria'])

  it('is planned with its permissions tried, and says what stands in the way', async () => {
    const plan = await underLoad(async () => {
      await until('requests are counted', async () => {
        const answer = await fetch(`${metrics.url}/api/v1/query?query=requests_total`)
        return (await answer.text()).includes('orders-v1')
      })
      const { code, stdout } = await cli.run(['plan', file()])
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'the API server lets the worker get and patch httproutes orders in shop',
      )
      expect(code, stdout).toBe(0)
    })
    expect(plan.sides).toEqual({ old: expect.any(Number) })
  })

  it('goes back out of a canary when somebody aborts: weights, instances and floor as before', async () => {
    const before = await world()
    expect(before).toEqual({ weights: [1, 0], instances: 1, floor: 1 })
    const served = await underLoad(async () => {
      const run = begin()
      await run.line(/split proven/)
      expect(await world()).toEqual({ weights: [75, 25], instances: 3, floor: 3 })
      await cli.run(['abort', 'orders', '--reason', 'the test', '--as', 'maria'])
      expect((await run.ended).code, 'aborted and restored').toBe(3)
    })
    expect(await world()).toEqual(before)
    expect(served.sides['new'], 'the canary was served').toBeGreaterThan(0)
  })

  it('names the reconciler that puts the weights back, and asks; once it is suspended, the way back is free', async () => {
    const before = await world()
    await underLoad(async () => {
      const run = begin()
      await run.line(/split proven/)
      const reconciler = reconciling()
      try {
        const asking = await run.line(/asking: edge split was changed by/)
        expect(asking).toContain('edge split was changed by argocd-controller')
        expect((await run.ended).code, 'a person is needed').toBe(4)
      } finally {
        await reconciler.suspend()
      }
      await cli.run(['abort', 'orders', '--reason', 'Git says otherwise', '--as', 'maria'])
      expect((await cli.run(['watch', 'orders'])).code, 'aborted and restored').toBe(3)
    })
    expect(await world()).toEqual(before)
  })

  it('moves all users to the new side, proven by counting, with instances that were ready before', async () => {
    const served = await underLoad(async () => {
      const { code, stdout, stderr } = await begin().ended
      expect(code, `${stdout}${stderr}`).toBe(0)
    })
    expect(await world()).toEqual({ weights: [0, 100], instances: 3, floor: 3 })
    expect(Object.values(served.sides).reduce((all, count) => all + count, 0)).toBeGreaterThan(PER_SECOND)
  })
})
