// What a runbook says about a VirtualService of Istio, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { demandOneSign, toldBy } from '../told-by.ts'
import { Counts } from '../counts.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'
import { type Destination as Named, nameOf, serviceOf } from './destination.ts'

const PORT_MAX = 65_535
const PROXIES_MAX = 20 // each is asked at every look

const Destination = z.strictObject({
  host: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'not a host: small letters, digits, - and .')
    .describe('As the VirtualService names it: a Service of its namespace, or a full name'),
  subset: KubeName.exactOptional().describe('Subset of its DestinationRule'),
  port: z.int().min(1).max(PORT_MAX).exactOptional().describe('Where the Service has several'),
})

export const IstioConfig = z
  .strictObject({
    ...kubernetesAccess,
    virtual_service: KubeName.describe('Name of the VirtualService'),
    routes: z
      .array(z.union([z.int().min(0), z.string().min(1).max(253)]))
      .min(1)
      .exactOptional()
      .describe(
        'Its `http` routes that are moved together, by name or by place (from 0); left out: the one that sends to both sides',
      )
      .meta({ examples: [['main']] }),
    old: Destination.describe('Destination of the old side'),
    new: Destination.describe('Destination of the new side; it must be in the route, with weight 0'),
    shadow: Destination.exactOptional().describe(
      'Destination that gets copies of requests; needed for shadow steps',
    ),
    cohort: z
      .strictObject({
        ...toldBy,
        to: Destination.exactOptional().describe(
          'Destination that members are led to: another Service to the pods of the new side, so that shares are counted among the others; left out: `new`',
        ),
      })
      .superRefine(demandOneSign)
      .exactOptional()
      .describe('For cohort steps: how members are told, and where they are led'),
    look_in: z
      .array(KubeName)
      .min(1)
      .exactOptional()
      .describe('Further namespaces whose ServiceEntries and DestinationRules declare the destinations'),
    proxies: z
      .array(BaseUrl)
      .min(1)
      .max(PROXIES_MAX)
      .exactOptional()
      .describe(
        'Admin interfaces of the proxies that users come through, all of them: what they serve is the value, what they count is the proof. A pod offers its own on port 15000 of its loopback only',
      )
      .meta({ examples: [['http://127.0.0.1:15000']] }),
    counts: Counts.exactOptional().describe(
      'How requests are counted, where a Prometheus has it (`istio_requests_total`); instead of what the proxies count',
    ),
  })
  .superRefine(demandOneAccess)
  .superRefine((config, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    if (nameOf(config.old) === nameOf(config.new)) refuse(['new'], 'old and new are the same destination')
    if (config.cohort?.to !== undefined && nameOf(config.cohort.to) === nameOf(config.old))
      refuse(['cohort', 'to'], 'this is the old side')
    if (config.proxies === undefined && config.counts === undefined)
      refuse(['counts'], 'nothing proves that users have moved: name counts or proxies')
    if (config.shadow !== undefined && config.counts !== undefined && config.counts.shadow === undefined)
      refuse(['counts'], 'copies cannot be proven: name a query for them in counts.shadow')
  })
export type IstioConfig = z.infer<typeof IstioConfig>

export const GROUP = 'networking.istio.io'

/** Hosts and subsets that nobody declares show nowhere in Istio: for that they are looked up. */
export function rulesOf(config: IstioConfig, { changed }: UsedTargets): KubeRule[] {
  const { namespace, virtual_service: name } = config
  const cluster = clusterOf(config)
  const verbs = changed.length === 0 ? ['get'] : ['get', 'patch']
  const destinations = destinationsOf(config)
  const services = destinations.flatMap(({ host }) => serviceOf(host, namespace) ?? [])
  const places = [...new Set(services.map((each) => each.namespace))]
  return [
    { cluster, namespace, group: GROUP, resource: 'virtualservices', verbs, names: [name] },
    ...places.map((place) => ({
      cluster,
      namespace: place,
      group: '',
      resource: 'services',
      verbs: ['get'],
      names: [...new Set(services.flatMap((each) => (each.namespace === place ? [each.name] : [])))],
    })),
    ...placesOf(config).map((place) => ({
      cluster,
      namespace: place.namespace,
      group: GROUP,
      resource: place.resource,
      verbs: ['list'],
    })),
  ]
}

/** Where ServiceEntries and DestinationRules are listed; only those that these destinations need. */
export function placesOf(
  config: IstioConfig,
): { resource: 'serviceentries' | 'destinationrules'; namespace: string }[] {
  const { namespace, look_in: further = [] } = config
  const all = destinationsOf(config)
  const own = [namespace, ...further]
  const hasOther = all.some(({ host }) => serviceOf(host, namespace) === null)
  const ofSubsets = all
    .filter(({ subset }) => subset !== undefined)
    .map(({ host }) => serviceOf(host, namespace)?.namespace ?? namespace)
  const rules = ofSubsets.length === 0 ? [] : [...new Set([...own, ...ofSubsets])]
  return [
    ...(hasOther ? [...new Set(own)] : []).map((each) => ({
      resource: 'serviceentries' as const,
      namespace: each,
    })),
    ...rules.map((each) => ({ resource: 'destinationrules' as const, namespace: each })),
  ]
}

export function destinationsOf({ old, new: fresh, shadow, cohort }: IstioConfig): Named[] {
  const more = [shadow, cohort?.to].flatMap((each) => (each === undefined ? [] : [each]))
  return [old, fresh, ...more]
}

export const spec = defineSpec({
  id: 'traffic/istio',
  port: 'traffic',
  summary: 'split, mirror and cohort by a VirtualService of Istio, 0.01 %',
  config: IstioConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // a write names the version that it is based on: once a later one is there, it cannot land any more
    showsWithin: '30s', // an istiod that restarts has all of its cluster to read first; 0.2 s in a mesh that runs
    proof: 'requests counted by the queries of `counts`, or by the proxies named',
    weightStep: 0.01,
    mirror: true,
    cohort: 'http routes of the VirtualService that match the header or cookie of its members',
    inFlight:
      'requests and tunnels of its clusters that the proxies named have not ended (upstream_rq_active)',
    cautions: [
      'a VirtualService has no status: without `proxies` only the counted requests show that proxies have taken a change up',
      'each request is drawn anew: a user may change sides with every one, so both sides must share the state of sessions; `consistentHash` of a DestinationRule keeps users on an endpoint within a side, and on no side',
      'whoever else declares the VirtualService (GitOps, Helm, a controller) may put its weights back',
      'requests are counted per destination: other routes to the same ones blur the proof',
    ],
  },
  locks: (config, target) => [
    `kubernetes ${clusterOf(config)} virtualservice ${config.namespace}/${config.virtual_service} ${[config.old, config.new].map(nameOf).sort().join(' ')} ${target}`,
  ],
  rules: rulesOf,
})
