// traffic/gateway-api by a GRPCRoute, on a real istiod and a real Envoy with real gRPC calls over plain HTTP/2: shares by counting,
// members by their metadata, and everything back as it was.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { until } from '../../../lab/until.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { type GrpcCalls, grpcCalls, startGrpcUpstream } from '../../contract/traffic/grpc-upstream.ts'
import type { Upstream } from '../../contract/traffic/upstream.ts'
import { NAMESPACE } from '../ground.ts'
import { configOf, provider, ref } from './gateway-bench.ts'
import { type MeshGround, putService, startMesh } from './istio-bench.ts'

const ROUTES = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/grpcroutes`
const RULES = [
  {
    matches: [{ method: { service: 'orders.Orders' } }],
    backendRefs: [ref('grpc-v1', 1), ref('grpc-v2', 0)],
  },
]

let ground: MeshGround
let upstreams: Upstream[] = []
let calls: GrpcCalls
let port: Changing

beforeAll(async () => {
  ground = await startMesh()
  upstreams = await Promise.all(['old', 'new'].map(startGrpcUpstream))
  for (const [at, name] of ['grpc-v1', 'grpc-v2'].entries())
    await putService(ground, { name, port: upstreams[at]!.port, protocol: 'GRPC' })
  const config = configOf('orders', {
    kind: 'GRPCRoute',
    old: 'grpc-v1',
    new: 'grpc-v2',
    cohort: { header: 'x-tenant' },
  })
  await ground.allow(rulesOf(GatewayApiConfig.parse(config), { changed: ['split'], looked: [] }))
  await ground.kubernetes.create(ROUTES, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GRPCRoute',
    metadata: { name: 'orders' },
    spec: { parentRefs: [{ name: 'gw' }], hostnames: ['orders.example'], rules: RULES },
  })
  port = connect(provider, config, ground.deps())
  calls = grpcCalls(ground.mesh.routesUrl, 'orders.example')
  await until('calls are answered', async () => (await calls.call()) === 'old')
})
afterAll(async () => {
  calls?.end()
  await ground?.end()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
})

const CALLS = 600
const TOLERANCE = 8 // of a fair split of 600 at 25 %, off by more once in ten thousand times

async function counted(): Promise<{ old: number; new: number; others: string[] }> {
  const answers = await Promise.all(Array.from({ length: CALLS }, () => calls.call()))
  const of = (side: string): number => answers.filter((each) => each === side).length
  return {
    old: of('old'),
    new: of('new'),
    others: answers.filter((each) => each !== 'old' && each !== 'new'),
  }
}

async function set(target: string, desired: object): Promise<void> {
  const seen = await port.observe(target, io())
  await port.write({ target, desired: desired as never, seen }, io())
}

describe('traffic/gateway-api by a GRPCRoute', () => {
  it('shares calls by its weights, none of which fails, and puts the weights back as they were', async () => {
    const before = await port.observe('split', io())
    expect(before.value).toEqual({ old: 100, new: 0, members: { 'grpc-v1': 1, 'grpc-v2': 0 } })
    for (const share of [25, 100]) {
      await set('split', { old: 100 - share, new: share })
      await until('it is taken up', async () => {
        const answers = await Promise.all(Array.from({ length: 40 }, () => calls.call()))
        return answers.includes('new') && (share < 100 || !answers.includes('old'))
      })
      const { old, new: fresh, others } = await counted()
      expect(others, `at ${share} %`).toEqual([])
      expect(old + fresh).toBe(CALLS)
      expect(Math.abs((fresh / CALLS) * 100 - share), `${fresh} of ${CALLS} at ${share} %`).toBeLessThan(
        share === 100 ? 0.01 : TOLERANCE,
      )
    }
    await set('split', before.value as object)
    await until('it is taken up', async () => (await counted()).new === 0)
    const { spec } = (await ground.kubernetes.get(`${ROUTES}/orders`)) as unknown as {
      spec: { rules: object[] }
    }
    expect(spec.rules).toMatchObject(RULES)
  })

  it('leads members by their metadata, and nobody else', async () => {
    const asked = () => Promise.all(['acme', 'globex'].map((tenant) => calls.call({ 'x-tenant': tenant })))
    await set('cohort', { users: ['acme'] })
    await expect.poll(asked, { timeout: 20_000, interval: 25 }).toEqual(['new', 'old'])
    expect(await calls.call()).toBe('old')
    await set('cohort', { users: [] })
    await expect.poll(asked, { timeout: 20_000, interval: 25 }).toEqual(['old', 'old'])
    const { spec } = (await ground.kubernetes.get(`${ROUTES}/orders`)) as unknown as {
      spec: { rules: object[] }
    }
    expect(spec.rules).toHaveLength(1)
  })
})
