// A route of its own on the API server, two parents, a gateway behind it and neighbours beside it: for the suites of traffic.
import { gatewayApi } from '../../../activities/traffic/gateway-api/index.ts'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { ChangingBench } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'
import { type Backends, type Gateway, startGateway } from './gateway.ts'

export const provider = gatewayApi as unknown as ChangingBench['provider']
const ROUTES = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`
const NO_METRICS = 'http://127.0.0.1:9' // where nothing is counted in a suite

export type Route = KubeObject & {
  metadata: { generation: number; annotations?: object }
  spec: { parentRefs: object[]; rules: Rule[] }
  status?: { parents?: { conditions: { observedGeneration: number }[] }[] }
}
export type Rule = { name?: string; backendRefs: Ref[]; filters?: object[]; [field: string]: unknown }
type Ref = { name: string; port: number; weight?: number }

export const ref = (name: string, weight: number, port = 8080): Ref => ({ name, port, weight })
export const pathOf = (name: string): string => (name === '' ? ROUTES : `${ROUTES}/${name}`)

export function configOf(name: string, more: JsonObject = {}): JsonObject {
  const query = (backend: string): string => `sum(requests_total{backend="${backend}"})`
  return {
    ...ACCESS,
    route: name,
    old: 'v1',
    new: 'v2',
    shadow: 'shadow:8080',
    counts: { from: { url: NO_METRICS }, old: query('v1'), new: query('v2'), shadow: query('shadow') },
    ...more,
  }
}

/** Creates a route with these rules; `parents`: how many gateways it names. */
export async function putRoute(
  { kubernetes, allow }: Ground,
  { name, rules, metadata = {} }: { name: string; rules: Rule[]; metadata?: object },
): Promise<Route> {
  await allow(rulesOf(GatewayApiConfig.parse(configOf(name)), { changed: ['split'], looked: [] }))
  return (await kubernetes.create(ROUTES, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, ...metadata },
    spec: { parentRefs: [{ name: 'edge' }, { name: 'inside' }], rules },
  })) as Route
}

export const ORDERS: Rule[] = [
  {
    backendRefs: [ref('v1', 100), ref('v2', 0)],
    filters: [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-edge', value: '1' }] } },
    ],
    timeouts: { request: '10s' },
  },
  { matches: [{ path: { type: 'PathPrefix', value: '/health' } }], backendRefs: [ref('health', 1)] },
]

/** Someone else's edit, as by hand; resolves when the gateway has read it. */
export async function edit(ground: Ground, name: string, change: (rules: Rule[]) => void): Promise<void> {
  const route = (await ground.kubernetes.get(pathOf(name))) as Route
  const { rules } = route.spec
  change(rules)
  await ground.kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, { spec: { rules } })
  await read(ground, name)
}

export async function read(ground: Ground, name: string): Promise<void> {
  await until(`the gateway has read ${name}`, async () => {
    const { metadata, status } = (await ground.kubernetes.get(pathOf(name))) as Route
    const parents = status?.parents ?? []
    const isCurrent = parents.every(({ conditions }) =>
      conditions.every(({ observedGeneration }) => observedGeneration === metadata.generation),
    )
    return parents.length === 2 && isCurrent
  })
}

/** All that a run must leave alone: the route without the weights and mirrors of its first rule. */
async function neighbours(ground: Ground, name: string): Promise<Json> {
  const { spec, metadata } = (await ground.kubernetes.get(pathOf(name))) as Route
  for (const each of spec.rules[0]?.backendRefs ?? []) delete each.weight
  const [rule] = spec.rules
  if (rule !== undefined)
    rule.filters = (rule.filters ?? []).filter(
      (filter) => (filter as { type: string }).type !== 'RequestMirror',
    )
  return { spec, annotations: Object.keys(metadata.annotations ?? {}) } as unknown as Json
}

export async function routeBench(
  ground: Ground,
  { name, target, backends = {} }: { name: string; target: 'split' | 'mirror'; backends?: Backends },
): Promise<Omit<ChangingBench, 'values' | 'stranger'> & { gateway: Gateway }> {
  await putRoute(ground, { name, rules: structuredClone(ORDERS) })
  const gateway = await startGateway(ground.kubernetes, { path: pathOf(name), backends })
  await read(ground, name)
  const during = (misdeed: Partial<Gateway['misdeeds']>) => {
    const before = { ...gateway.misdeeds }
    Object.assign(gateway.misdeeds, misdeed)
    return { end: async () => void Object.assign(gateway.misdeeds, before) }
  }
  return {
    gateway,
    provider,
    config: configOf(name),
    deps: ground.deps(),
    target,
    neighbours: () => neighbours(ground, name),
    outage: () => freeze(ground.kubernetes.server.pid),
    lies: {
      showLate: async (ms) => during({ lagMs: ms }),
      freezeReader: async () => during({ isFrozen: true }),
      doHalf: async () => during({ isHalf: true }),
    },
    wrongCredentials: { config: configOf(name), deps: ground.intruder() },
    secrets: ground.secrets,
    end: async () => {
      await gateway.end()
      await ground.kubernetes.remove(pathOf(name))
    },
  }
}
