// A TraefikService of its own on a real API server with a real Traefik that reads it, and neighbours beside it.
import { traefikCrd } from '../../../activities/traffic/traefik-crd/index.ts'
import { TraefikCrdConfig, rulesOf } from '../../../activities/traffic/traefik-crd/schema.ts'
import { put } from '../../../lab/servers/istio.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import { type TraefikCrd, externalService, startTraefikCrd } from '../../../lab/servers/traefik-crd.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'
import { type UpstreamGround, startUpstreamGround } from './upstreams.ts'

export const provider = traefikCrd as unknown as ChangingBench['provider']
const VERSION = `/apis/traefik.io/v1alpha1/namespaces/${NAMESPACE}`
export const pathOf = (name: string): string => `${VERSION}/traefikservices/${name}`

export interface TraefikGround extends UpstreamGround {
  traefik: TraefikCrd
}

export type Service = KubeObject & {
  metadata: { annotations?: object; generation: number }
  spec: { weighted?: { services: Entry[]; [field: string]: unknown }; mirroring?: { mirrors: Entry[] } }
}
type Entry = { name: string; port: number; weight?: number; percent?: number }

export async function startTraefikGround(options: { hasSafeNames?: boolean } = {}): Promise<TraefikGround> {
  return await startUpstreamGround(['traefik'], async ({ kubernetes, upstreams }) => {
    for (const [name, { port }] of Object.entries(upstreams))
      await put(kubernetes, externalService({ namespace: NAMESPACE, name, port }))
    const traefik = await startTraefikCrd(kubernetes, { namespace: NAMESPACE, ...options })
    return { traefik, end: () => traefik.server.close() }
  })
}

export function configOf({ traefik }: TraefikGround, name: string, more: JsonObject = {}): JsonObject {
  return {
    ...ACCESS,
    service: name,
    old: 'v1',
    new: 'v2',
    mirroring: `${name}-mirrored`,
    shadow: 'shadow',
    apis: [traefik.apiUrl],
    ...more,
  }
}

/** A weighted service, a mirroring one before it, and a route to that by its host; it resolves when Traefik serves them. */
export async function putService(ground: TraefikGround, name: string, metadata = {}): Promise<void> {
  const { kubernetes, upstreams, allow, traefik } = ground
  const entry = (side: 'v1' | 'v2' | 'shadow', more: object) => ({
    name: side,
    port: upstreams[side].port,
    ...more,
  })
  const config = TraefikCrdConfig.parse(configOf(ground, name))
  await allow(rulesOf(config, { changed: ['split', 'mirror'], looked: [] }))
  const object = (kind: string, of: { name: string; spec: object; metadata?: object }) => ({
    apiVersion: 'traefik.io/v1alpha1',
    kind,
    metadata: { name: of.name, ...of.metadata },
    spec: of.spec,
  })
  await kubernetes.create(
    pathOf(name).slice(0, -name.length - 1),
    object('TraefikService', {
      name,
      metadata,
      spec: { weighted: { services: [entry('v1', { weight: 100 }), entry('v2', { weight: 0 })] } },
    }),
  )
  await kubernetes.create(
    pathOf(name).slice(0, -name.length - 1),
    object('TraefikService', {
      name: `${name}-mirrored`,
      spec: {
        mirroring: { name, kind: 'TraefikService', mirrors: [entry('shadow', { percent: 0 })] },
      },
    }),
  )
  await kubernetes.create(
    `${VERSION}/ingressroutes`,
    object('IngressRoute', {
      name,
      spec: {
        entryPoints: ['web'],
        routes: [
          {
            kind: 'Rule',
            match: name === 'orders' ? 'PathPrefix(`/`)' : `Host(\`${name}.example\`)`,
            services: [{ name: `${name}-mirrored`, kind: 'TraefikService' }],
          },
        ],
      },
    }),
  )
  const port = connect(provider, configOf(ground, name), ground.deps())
  await until(`Traefik at ${traefik.apiUrl} serves ${name}`, async () => {
    const { facts } = await port.observe('mirror', io())
    return !/nothing|could not/.test(String(facts?.['traefiks']))
  })
}

/** Someone else's edit, as by hand; it resolves when Traefik serves it. */
export async function edit(
  ground: TraefikGround,
  { name, target }: { name: string; target: 'split' | 'mirror' },
  change: (service: Service) => void,
): Promise<void> {
  const path = pathOf(target === 'mirror' ? `${name}-mirrored` : name)
  const object = (await ground.kubernetes.get(path)) as Service
  change(object)
  await ground.kubernetes.patch(`${path}?fieldManager=kubectl-edit`, { spec: object.spec })
  const port = connect(provider, configOf(ground, name), ground.deps())
  await until('Traefik serves it', async () => (await port.observe(target, io())).elsewhere === undefined)
}

async function neighbours({ kubernetes }: Ground, name: string): Promise<Json> {
  const [weighted, mirrored] = (await Promise.all(
    [name, `${name}-mirrored`].map((each) => kubernetes.get(pathOf(each))),
  )) as [Service, Service]
  for (const each of weighted.spec.weighted?.services ?? []) delete each.weight
  for (const each of mirrored.spec.mirroring?.mirrors ?? []) delete each.percent
  const annotations = [weighted, mirrored].map(({ metadata }) => Object.keys(metadata.annotations ?? {}))
  return { weighted: weighted.spec, mirrored: mirrored.spec, annotations } as unknown as Json
}

export async function serviceBench(
  ground: TraefikGround,
  { name, target }: { name: string; target: 'split' | 'mirror' },
): Promise<Omit<ChangingBench, 'values' | 'stranger'>> {
  await putService(ground, name)
  const config = configOf(ground, name)
  return {
    provider,
    config,
    deps: ground.deps(),
    target,
    neighbours: () => neighbours(ground, name),
    outage: () => freeze(ground.kubernetes.server.pid),
    wrongCredentials: { config, deps: ground.intruder() },
    secrets: ground.secrets,
    end: async () => {
      await ground.kubernetes.remove(`${VERSION}/ingressroutes/${name}`)
      for (const each of [name, `${name}-mirrored`]) await ground.kubernetes.remove(pathOf(each))
    },
  }
}
