// traffic/gateway-api where a real istiod reads the route and a real Envoy serves it: the contract of changing ports, an istiod that
// stands still, and the proof by what Prometheus scrapes from that Envoy, under load.
import { get } from 'node:http'
import { afterAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { gatewayApi } from '../../../activities/traffic/gateway-api/index.ts'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { NAMESPACE } from '../ground.ts'
import { type Route, configOf, pathOf, ref } from './gateway-bench.ts'
import { type MeshGround, startMesh } from './istio-bench.ts'

const provider = gatewayApi as unknown as ChangingBench['provider']
const TEST_MS = 120_000 // four shares, each counted by a Prometheus that scrapes every second
const REQUESTS = 600
const WIDTH = 4 // requests in flight

let started: Promise<MeshGround> | undefined
const ground = (): Promise<MeshGround> => (started ??= startMesh())
afterAll(async () => {
  await (await started)?.end()
})

const routeOf = async (name: string) => (await (await ground()).kubernetes.get(pathOf(name))) as Route

async function putRoute(name: string, config: JsonObject): Promise<void> {
  const { allow, kubernetes } = await ground()
  await allow(rulesOf(GatewayApiConfig.parse(config), { changed: ['split'], looked: [] }))
  await kubernetes.create(pathOf(''), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'gw' }],
      hostnames: [`${name}.example`],
      rules: [{ backendRefs: [ref('v1', 100), ref('v2', 0)] }],
    },
  })
  await read(name)
}

async function read(name: string): Promise<void> {
  await until(`istiod has read ${name}`, async () => {
    const { metadata, status } = await routeOf(name)
    const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions)
    return (
      conditions.length > 0 &&
      conditions.every(({ observedGeneration }) => observedGeneration === metadata.generation)
    )
  })
}

async function bench(name: string): Promise<ChangingBench> {
  const config = configOf(name)
  await putRoute(name, config)
  const { kubernetes, mesh, deps, intruder, secrets } = await ground()
  return {
    provider,
    config,
    deps: deps(),
    target: 'split',
    values: [
      { old: 99.95, new: 0.05 },
      { old: 0, new: 100 },
    ],
    async neighbours() {
      const { spec } = await routeOf(name)
      for (const each of spec.rules[0]?.backendRefs ?? []) delete each.weight
      return spec as unknown as Json
    },
    async stranger(value) {
      const { old, new: fresh } = value as { old: number; new: number }
      const backendRefs = [ref('v1', Math.round(old * 100)), ref('v2', Math.round(fresh * 100))]
      await kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, {
        spec: { rules: [{ backendRefs }] },
      })
      await read(name)
    },
    outage: () => freeze(kubernetes.server.pid),
    lies: { freezeReader: () => freeze(mesh.istiod.pid) },
    wrongCredentials: { config, deps: intruder() },
    secrets,
    end: async () => kubernetes.remove(pathOf(name)),
  }
}

changingContract('traffic/gateway-api by istiod', () => bench('istiod'), ['missing target'])
lyingContract('traffic/gateway-api by istiod', () => bench('still'), ['freezeReader'])

describe('traffic/gateway-api by istiod', () => {
  it(
    'moves real requests there and back without losing one, and proves each share by what Envoy has counted',
    async () => {
      const { mesh, deps } = await ground()
      const metrics = await startPrometheus({
        scrape: [{ job: 'envoy', targets: [new URL(mesh.adminUrl).host], path: '/stats/prometheus' }],
      })
      try {
        // Stock Envoy takes the name of a cluster to end at its first dot; what follows becomes part of the name of the counter.
        const query = (name: string): string =>
          `sum(envoy_cluster_${NAMESPACE}_svc_cluster_local__upstream_rq_total{envoy_cluster_name="outbound|8080||${name}"})`
        const counts = {
          from: { url: metrics.url },
          old: query('v1'),
          new: query('v2'),
          shadow: query('shadow'),
        }
        const config = configOf('counted', { counts })
        await putRoute('counted', config)
        const port = connect(provider, config, deps())
        const all: Record<string, number> = {}
        const load = async (requests: number): Promise<void> => {
          let left = requests
          const lane = async (): Promise<void> => {
            while (left-- > 0) {
              const said = await answerOf(mesh.routesUrl, 'counted.example')
              all[said] = (all[said] ?? 0) + 1
            }
          }
          await Promise.all(Array.from({ length: WIDTH }, lane))
        }
        await until(
          'Envoy serves the route',
          async () => (await answerOf(mesh.routesUrl, 'counted.example')) === '200 v1',
        )
        for (const share of [25, 100, 50, 0]) {
          const desired = { old: 100 - share, new: share }
          const { value: expected } = await port.observe('split', io())
          const applied = await applyTo(port, { target: 'split', desired, expected }, io())
          expect(applied).toMatchObject({ written: 'written', readBack: 'match' })
          let memory: JsonObject | undefined
          await until(
            `${share} % is proven`,
            async () => {
              const request = { target: 'split', desired, options: { samples: REQUESTS, tolerance: 5 } }
              const proof = await port.confirm!({ ...request, ...(memory && { memory }) }, io())
              memory = proof.memory
              if (!proof.settled) await load(REQUESTS / 4)
              return proof.settled
            },
            60_000,
          )
        }
        const failed = Object.entries(all).filter(([said]) => said !== '200 v1' && said !== '200 v2')
        expect(failed).toEqual([])
        expect(all['200 v2']).toBeGreaterThan(0)
      } finally {
        await metrics.server.close()
      }
    },
    TEST_MS,
  )
})

/** One request of a user, by its Host as fetch cannot say it. */
function answerOf(url: string, host: string): Promise<string> {
  return new Promise((resolve) => {
    get(url, { headers: { host } }, (answer) => {
      answer.resume().on('end', () => resolve(`${answer.statusCode} ${String(answer.headers['x-side'])}`))
    }).on('error', (error) => resolve(error.message))
  })
}
