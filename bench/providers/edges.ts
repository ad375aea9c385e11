// The objects that are measured, and the runbooks that move them: as small as real ones can be.
import { stringify } from 'yaml'
import { imageOf, putRollout, rolloutPath, stepsTo } from '../../lab/servers/argo-rollouts.ts'
import { put } from '../../lab/servers/istio.ts'
import type { KubeObject } from '../../lab/servers/kubernetes.ts'
import { until } from '../../lab/until.ts'
import { type Ground, NAMESPACE } from './ground.ts'

export type Routed = KubeObject & {
  spec: { http?: { route: { weight?: number }[] }[]; rules?: { backendRefs: { weight?: number }[] }[] }
}
export interface Edge {
  name: 'istio' | 'gateway-api'
  collection: string
  object: string
  /** Where users come in. */
  url(ground: Ground): string
  weightPath(at: number): string
  connection(ground: Ground): object
}

export const SERVICES = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`
const ROUTES = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`
const ACCESS = { kubeconfig: 'env:LAB_KUBECONFIG', namespace: NAMESPACE, cluster: 'lab' }
export const ARGO = 'argo'
export const STEP = 25 // percent of users, of which the way back is measured

const query = (service: string): string =>
  `sum(envoy_cluster_upstream_rq_total{cluster_name="outbound|8080||${service}.${NAMESPACE}.svc.cluster.local"})`

export const EDGES: Edge[] = [
  {
    name: 'istio',
    collection: SERVICES,
    object: 'orders',
    url: ({ mesh }) => mesh.edgeUrl,
    weightPath: (at) => `/spec/http/0/route/${at}/weight`,
    connection: ({ mesh }) => ({
      provider: 'traffic/istio',
      ...ACCESS,
      virtual_service: 'orders',
      old: { host: 'orders-old' },
      new: { host: 'orders-new' },
      proxies: [mesh.adminUrl],
    }),
  },
  {
    name: 'gateway-api',
    collection: ROUTES,
    object: 'orders',
    url: ({ mesh }) => mesh.routesUrl,
    weightPath: (at) => `/spec/rules/0/backendRefs/${at}/weight`,
    connection: ({ prometheusUrl }) => ({
      provider: 'traffic/gateway-api',
      ...ACCESS,
      route: 'orders',
      old: 'orders-old',
      new: 'orders-new',
      counts: { from: { url: prometheusUrl }, old: query('orders-old'), new: query('orders-new') },
    }),
  },
]

export function weightsOf({ spec }: Routed): number[] {
  const refs = spec.http?.[0]?.route ?? spec.rules?.[0]?.backendRefs ?? []
  return refs.map(({ weight }) => weight ?? 0)
}

export const isAt =
  (share: number) =>
  (object: Routed): boolean => {
    const [old, fresh] = weightsOf(object)
    return old === 100 - share && fresh === share
  }

/** A hold at this share, which somebody ends. */
export function heldAt(ground: Ground, edge: Edge, of: { service: string; share: number }): string {
  const { service, share } = of
  return stringify(
    {
      cutover: 'v1',
      service,
      drain: '1s',
      connections: { edge: edge.connection(ground) },
      steps: [
        {
          canary: {
            connection: 'edge',
            weights: [`${share}%`],
            hold: '1h',
            samples: 0,
            unwatched: 'measured',
          },
        },
      ],
    },
    { lineWidth: 0 },
  )
}

const ref = (name: string, weight: number) => ({ name, port: 8080, weight })

export async function putEdges({ kubernetes }: Ground): Promise<void> {
  await put(kubernetes, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'orders', namespace: NAMESPACE },
    spec: {
      hosts: ['*'],
      gateways: ['edge'],
      http: [
        {
          name: 'main',
          route: [
            { destination: { host: 'orders-old' }, weight: 100 },
            { destination: { host: 'orders-new' }, weight: 0 },
          ],
        },
      ],
    },
  })
  await put(kubernetes, {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'orders', namespace: NAMESPACE },
    spec: {
      parentRefs: [{ name: 'gw' }],
      rules: [{ backendRefs: [ref('orders-old', 100), ref('orders-new', 0)] }],
    },
  })
}

type RolloutSeen = { status?: { phase?: string } }

/** The peer: up, with a new template, waiting at its first pause. */
export async function putPeer({ kubernetes }: Ground): Promise<void> {
  await putRollout(kubernetes, { namespace: NAMESPACE, name: ARGO, steps: stepsTo(STEP) })
  const phase = async () =>
    ((await kubernetes.get(rolloutPath(NAMESPACE, ARGO))) as RolloutSeen).status?.phase
  await until('the Rollout is up', async () => (await phase()) === 'Healthy', 60_000)
  await kubernetes.patch(rolloutPath(NAMESPACE, ARGO), [
    { op: 'replace', path: '/spec/template/spec/containers/0/image', value: imageOf(ARGO, 2) },
  ])
  await until('the Rollout waits', async () => (await phase()) === 'Paused', 60_000)
}
