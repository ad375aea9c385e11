// What a runbook says about a Canary of Flagger, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { SPLIT, STABLE } from '../../../workflows/ports/traffic.ts'
import { BaseUrl } from '../../config.ts'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { CountQuery, countsFrom } from '../counts.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'

const Counts = z
  .strictObject({
    from: countsFrom,
    old: CountQuery.describe(
      'PromQL: requests that the primary was given so far, as one number that only grows',
    ),
    new: CountQuery.describe('PromQL: the same of the canary'),
  })
  .describe(
    'How requests are counted: what proves that users have moved. The weights of a route are no proof',
  )

export const FlaggerConfig = z
  .strictObject({
    ...kubernetesAccess,
    canary: KubeName.describe('Name of the Canary'),
    workload: KubeName.exactOptional().describe(
      'Its Deployment (`spec.targetRef`); left out: named as the Canary',
    ),
    service: KubeName.exactOptional().describe(
      'Its service (`spec.service.name`), of which the route has its name; left out: named as the Deployment',
    ),
    mesh: z
      .enum(['istio', 'gateway-api'])
      .default('istio')
      .describe('Where Flagger sets the weights: in a VirtualService, or in an HTTPRoute'),
    gates: BaseUrl.describe(
      'Where workers answer the gates of Flagger (CUTOVER_FLAGGER_ADDRESS), as Flagger reaches it: the webhooks of the Canary must lead there',
    ).meta({ examples: ['http://cutover-gates.ops:9471'] }),
    counts: Counts,
  })
  .superRefine(demandOneAccess)
export type FlaggerConfig = z.infer<typeof FlaggerConfig>

export const GROUP = 'flagger.app'
export const SHOWS_WITHIN = '10m'

/** The names that Flagger gives to what belongs to a Canary. */
export function namesOf({ canary, workload = canary, service = workload, mesh }: CanaryNames) {
  return {
    workload,
    /** What it runs the old revision as. */
    primary: `${workload}-primary`,
    route: service,
    old: `${service}-primary`,
    new: `${service}-canary`,
    ...(mesh === 'istio'
      ? { group: 'networking.istio.io', resource: 'virtualservices', kind: 'VirtualService' }
      : { group: 'gateway.networking.k8s.io', resource: 'httproutes', kind: 'HTTPRoute' }),
  }
}

export interface CanaryNames {
  canary: string
  workload?: string
  service?: string
  mesh: 'istio' | 'gateway-api'
}

export function rulesOf(config: FlaggerConfig, { changed, looked }: UsedTargets): KubeRule[] {
  const { namespace, canary } = config
  const { workload, primary, route, group, resource } = namesOf(config)
  const cluster = clusterOf(config)
  const verbs = changed.length === 0 ? ['get'] : ['get', 'patch']
  return [
    { cluster, namespace, group: GROUP, resource: 'canaries', verbs, names: [canary] },
    { cluster, namespace, group, resource, verbs, names: [route] },
    {
      cluster,
      namespace,
      group: 'apps',
      resource: 'deployments',
      verbs: ['get'],
      names: [workload, ...([...changed, ...looked].includes(STABLE) ? [primary] : [])],
    },
  ]
}

export const spec = defineSpec({
  id: 'traffic/flagger',
  port: 'traffic',
  summary: 'split by a Canary of Flagger, which moves while its gates are open; back at once',
  config: FlaggerConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // a write names the version that it is based on: once a later one is there, it cannot land any more
    showsWithin: SHOWS_WITHIN, // Flagger goes up one step in each interval of its analysis; a weight further off is refused
    proof: 'requests counted by the queries of `counts`',
    weightStep: 1,
    mirror: false,
    promotes:
      'its gate is opened for this revision; over when Flagger has succeeded, the primary runs it, and the route is back there',
    cautions: [
      'Flagger goes up by the steps of its analysis, one in each interval: a weight shows only then',
      'back is to 0 only; users are led back at once, and Flagger gives the revision up at its next interval: to go forward again takes a new revision',
      'its own analysis goes on: Flagger may go back by itself, and the run finds that as a foreign change',
      'without a step `promote` promotion stays closed: it copies the new revision over the old one, and then nothing leads back',
      'requests are counted as the queries say: other routes to the same services blur the proof',
    ],
  },
  // Whatever a run does with it: a promotion of another run would be in the way of any.
  locks(config) {
    const { namespace, canary } = config
    const { kind, route, old, new: fresh } = namesOf(config)
    const cluster = `kubernetes ${clusterOf(config)}`
    return [
      `${cluster} canary ${namespace}/${canary} ${SPLIT}`,
      // As who moves the route itself calls it.
      `${cluster} ${kind.toLowerCase()} ${namespace}/${route} ${[old, fresh].sort().join(' ')} ${SPLIT}`,
    ]
  },
  rules: rulesOf,
})
