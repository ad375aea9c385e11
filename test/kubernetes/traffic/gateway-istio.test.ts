// traffic/gateway-api on a real controller and a real proxy, istiod and Envoy, with counted requests: the contract for both of its
// targets, an istiod that stands still, a status that comes before the users, and users led there and back under load.
import { afterAll, describe, expect, it } from 'vitest'
import { gatewayApi } from '../../../activities/traffic/gateway-api/index.ts'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { type Prometheus, startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { changingContract, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { sendLoad } from '../../contract/traffic/upstream.ts'
import { ACCESS, NAMESPACE } from '../ground.ts'
import { type Route, type Rule, pathOf, provider, ref } from './gateway-bench.ts'
import { type MeshGround, startMesh } from './istio-bench.ts'
import { thereAndBack } from './there-and-back.ts'

let started: Promise<MeshGround> | undefined
const ground = (): Promise<MeshGround> => (started ??= startMesh())
let metrics: Prometheus | undefined
afterAll(async () => {
  await metrics?.server.close()
  await (await started)?.end()
})

const NO_METRICS = 'http://127.0.0.1:9' // where nothing is counted

function configOf(name: string, prometheus = NO_METRICS): JsonObject {
  const query = (service: string): string =>
    `sum(envoy_cluster_upstream_rq_total{cluster_name="outbound|8080||${service}.${NAMESPACE}.svc.cluster.local"})`
  return {
    ...ACCESS,
    route: name,
    old: 'v1',
    new: 'v2',
    shadow: 'shadow:8080',
    counts: { from: { url: prometheus }, old: query('v1'), new: query('v2'), shadow: query('shadow') },
  }
}

/** A route at the Gateway; it resolves when istiod has read it. */
async function putRoute(name: string, hostnames?: string[]): Promise<void> {
  const { kubernetes, allow } = await ground()
  await allow(rulesOf(GatewayApiConfig.parse(configOf(name)), { changed: ['split'], looked: [] }))
  const path = pathOf(name)
  await kubernetes.create(path.slice(0, path.lastIndexOf('/')), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'gw' }],
      ...(hostnames && { hostnames }),
      rules: [{ backendRefs: [ref('v1', 100), ref('v2', 0)] }],
    },
  })
  await read(name)
}

async function read(name: string): Promise<void> {
  const { kubernetes } = await ground()
  await until(`istiod has read ${name}`, async () => {
    const { metadata, status } = (await kubernetes.get(pathOf(name))) as Route
    const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions)
    return (
      conditions.length > 0 &&
      conditions.every(({ observedGeneration }) => observedGeneration === metadata.generation)
    )
  })
}

async function edit(name: string, change: (rules: Rule[]) => void): Promise<void> {
  const { kubernetes } = await ground()
  const { rules } = ((await kubernetes.get(pathOf(name))) as Route).spec
  change(rules)
  await kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, { spec: { rules } })
  await read(name)
}

async function neighbours(name: string): Promise<Json> {
  const { kubernetes } = await ground()
  const { spec, metadata } = (await kubernetes.get(pathOf(name))) as Route
  for (const each of spec.rules[0]?.backendRefs ?? []) delete each.weight
  delete spec.rules[0]?.filters
  return { spec, annotations: Object.keys(metadata.annotations ?? {}) } as unknown as Json
}

async function bench(name: string, target: 'split' | 'mirror') {
  await putRoute(name, [`${name}.example`])
  const mesh = await ground()
  const frozen = async (ms?: number) => {
    const { end } = await freeze(mesh.mesh.istiod.pid)
    const timer = ms === undefined ? undefined : setTimeout(() => void end(), ms)
    return {
      end: async () => {
        clearTimeout(timer)
        await end()
      },
    }
  }
  return {
    provider,
    config: configOf(name),
    deps: mesh.deps(),
    target,
    neighbours: () => neighbours(name),
    outage: () => freeze(mesh.kubernetes.server.pid),
    lies: { showLate: (ms: number) => frozen(ms), freezeReader: () => frozen() },
    wrongCredentials: { config: configOf(name), deps: mesh.intruder() },
    secrets: mesh.secrets,
    end: () => mesh.kubernetes.remove(pathOf(name)),
  }
}

async function splitBench(name: string) {
  return {
    ...(await bench(name, 'split')),
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ] as [object, object] as never,
    stranger: (value: unknown) => {
      const { old, new: fresh } = value as { old: number; new: number }
      return edit(name, (rules) => {
        rules[0]!.backendRefs = [ref('v1', Math.round(old * 100)), ref('v2', Math.round(fresh * 100))]
      })
    },
  }
}

changingContract(`${gatewayApi.spec.id} on Istio`, () => splitBench('split'), ['missing target'])

changingContract(
  'traffic/gateway-api on Istio, mirror',
  async () => ({
    ...(await bench('mirror', 'mirror')),
    values: [{ percent: 20 }, { percent: 2.5 }],
    stranger: (value) =>
      edit('mirror', (rules) => {
        const fraction = { numerator: (value as { percent: number }).percent * 10, denominator: 1_000 }
        const requestMirror = { backendRef: { name: 'shadow', port: 8080 }, fraction }
        rules[0]!.filters = [{ type: 'RequestMirror', requestMirror }]
      }),
  }),
  ['missing target'],
)

lyingContract('traffic/gateway-api on Istio', () => splitBench('lies'), ['showLate', 'freezeReader'])

describe('traffic/gateway-api on Istio, with counted requests', () => {
  let port: Changing
  const proof = (desired: JsonObject, memory?: JsonObject) =>
    port.confirm!(
      { target: 'split', desired, options: { samples: 200, tolerance: 5 }, ...(memory && { memory }) },
      io(),
    )

  it('does not take for proven what istiod has not taken up', async () => {
    await putRoute('orders')
    const { mesh, kubernetes, deps } = await ground()
    metrics = await startPrometheus({
      scrape: [{ job: 'proxy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }],
    })
    port = connect(provider, configOf('orders', metrics.url), deps())
    const { url } = { url: mesh.routesUrl }
    await until('it is counted', async () => {
      await sendLoad({ url, requests: 5, perSecond: 100 })
      const answer = await proof({ old: 100, new: 0 })
      return !answer.lines.some((line) => line.startsWith('no count'))
    })
    const { end } = await freeze(mesh.istiod.pid)
    try {
      const seen = await port.observe('split', io())
      await port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io())
      expect(((await kubernetes.get(pathOf('orders'))) as Route).metadata.generation).toBe(2)
      const { sides, failed } = await sendLoad({ url, requests: 200, perSecond: 400 })
      expect({ sides, failed }, 'users stay where they were').toEqual({ sides: { old: 200 }, failed: [] })
      const { settled, lines } = await proof({ old: 0, new: 100 })
      expect(settled).toBe(false)
      expect(lines.join('\n')).toContain('read generation 1 of 2')
    } finally {
      await end()
    }
    await until('users are moved', async () => {
      const { sides } = await sendLoad({ url, requests: 20, perSecond: 400 })
      return sides['new'] === 20
    })
  })

  it('leads users there, back and there again under load, and none of their requests fails', async () => {
    await thereAndBack(port, (await ground()).mesh.routesUrl)
  }, 180_000)
})
