// A VirtualService of its own on a real data plane of Istio, and neighbours beside it: for the suites of traffic.
import { istio } from '../../../activities/traffic/istio/index.ts'
import { IstioConfig, rulesOf } from '../../../activities/traffic/istio/schema.ts'
import { serviceObjects } from '../../../lab/servers/istio-objects.ts'
import { type Istio, put, startIstio } from '../../../lab/servers/istio.ts'
import type { Definitions, KubeObject } from '../../../lab/servers/kubernetes.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'
import { type UpstreamGround, startUpstreamGround } from './upstreams.ts'

export const provider = istio as unknown as ChangingBench['provider']
const SERVICES = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`

export interface MeshGround extends UpstreamGround {
  mesh: Istio
}

export type Service = KubeObject & {
  metadata: { generation: number; annotations?: object }
  spec: { hosts: string[]; http: Rule[] }
}
export type Rule = {
  name?: string
  route: Ref[]
  mirrors?: { destination: object; percentage?: { value: number } }[]
  [field: string]: unknown
}
type Ref = { destination: { host: string; subset?: string; port?: object }; weight?: number }

export const ref = (host: string, weight?: number, subset?: string): Ref => ({
  destination: { host, ...(subset && { subset }) },
  ...(weight === undefined ? {} : { weight }),
})
export const pathOf = (name: string): string => (name === '' ? SERVICES : `${SERVICES}/${name}`)

/** Services v1, v2 and shadow, each with one upstream that says which side it is, behind Istio's Gateway `edge`. */
export async function startMesh(further: Definitions[] = []): Promise<MeshGround> {
  return await startUpstreamGround(
    ['gateway-api', 'grpc-routes', 'istio', ...further],
    async ({ kubernetes, upstreams, ...ground }) => {
      for (const [name, { port }] of Object.entries(upstreams))
        await putService({ kubernetes, ...ground }, { name, port })
      const mesh = await startIstio(kubernetes, NAMESPACE)
      return { mesh, end: () => mesh.close() }
    },
  )
}

export async function putService(
  { kubernetes }: Ground,
  of: Omit<Parameters<typeof serviceObjects>[0], 'namespace'>,
): Promise<void> {
  for (const object of serviceObjects({ namespace: NAMESPACE, ...of })) await put(kubernetes, object)
}

export function configOf({ mesh }: MeshGround, name: string, more: JsonObject = {}): JsonObject {
  return {
    ...ACCESS,
    virtual_service: name,
    old: { host: 'v1' },
    new: { host: 'v2' },
    shadow: { host: 'shadow' },
    proxies: [mesh.adminUrl],
    ...more,
  }
}

export const ORDERS: Rule[] = [
  { name: 'health', match: [{ uri: { prefix: '/health' } }], route: [ref('shadow')] },
  { name: 'main', timeout: '10s', route: [ref('v1', 100), ref('v2', 0)] },
]

/** Creates a VirtualService with these routes at the gateway; the worker may do what its provider needs on it, and no more. */
export async function putVirtualService(
  ground: MeshGround,
  of: { name: string; http?: Rule[]; hosts?: string[]; metadata?: object; config?: JsonObject },
): Promise<void> {
  const { name, http = structuredClone(ORDERS), hosts = [`${name}.example`], metadata = {} } = of
  await ground.allow(
    rulesOf(IstioConfig.parse(of.config ?? configOf(ground, name)), { changed: ['split'], looked: [] }),
  )
  await ground.kubernetes.create(SERVICES, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name, ...metadata },
    spec: { hosts, gateways: ['edge'], http },
  })
}

/** Someone else's edit, as by hand. */
export async function edit(ground: Ground, name: string, change: (http: Rule[]) => void): Promise<void> {
  const { spec } = (await ground.kubernetes.get(pathOf(name))) as Service
  change(spec.http)
  await ground.kubernetes.patch(`${pathOf(name)}?fieldManager=kubectl-edit`, { spec: { http: spec.http } })
}

/** All that a run must leave alone: the VirtualService without the weights and mirrors of the route that is moved. */
async function neighbours(ground: Ground, name: string): Promise<Json> {
  const { spec, metadata } = (await ground.kubernetes.get(pathOf(name))) as Service
  const rule = spec.http.find((each) => each.name === 'main')
  for (const each of rule?.route ?? []) delete each.weight
  delete rule?.mirrors
  return { spec, annotations: Object.keys(metadata.annotations ?? {}) } as unknown as Json
}

export type Bench = Omit<ChangingBench, 'values' | 'stranger'> & { served(): Promise<void> }

export async function serviceBench(
  ground: MeshGround,
  { name, target }: { name: string; target: 'split' | 'mirror' },
): Promise<Bench> {
  await putVirtualService(ground, { name })
  const { kubernetes, mesh } = ground
  const config = configOf(ground, name)
  const looker = connect(provider, config, ground.deps())
  /** The proxy serves what the VirtualService says. */
  const served = async () => {
    await until(`the proxy serves ${name}`, async () => {
      const { elsewhere = [], facts } = await looker.observe(target, io())
      return elsewhere.length === 0 && /serves [1-9]/.test(String(facts?.['proxies']))
    })
  }
  await served()
  /** istiod takes nothing up: what is written is accepted, and proxies go on as before. */
  const frozen = async (ms?: number) => {
    const { end } = await freeze(mesh.istiod.pid)
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
    config,
    deps: ground.deps(),
    target,
    served,
    neighbours: () => neighbours(ground, name),
    outage: () => freeze(kubernetes.server.pid),
    lies: { showLate: (ms) => frozen(ms), freezeReader: () => frozen() },
    wrongCredentials: { config, deps: ground.intruder() },
    secrets: ground.secrets,
    end: () => kubernetes.remove(pathOf(name)),
  }
}
