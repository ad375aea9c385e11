// What a runbook says about a TraefikService of Kubernetes, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { BaseUrl } from '../../config.ts'
import { KubeName, clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { Counts } from '../counts.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'

const APIS_MAX = 20 // each is asked at every look

const Entry = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[a-z0-9-]{1,63})?$/,
    'not an entry of a TraefikService: write its name, with :port where several have it',
  )

export const TraefikCrdConfig = z
  .strictObject({
    ...kubernetesAccess,
    service: KubeName.describe('Name of the TraefikService that has `weighted`'),
    old: Entry.describe(
      'Entry of the old side in weighted.services: its name, with :port where several have it',
    ),
    new: Entry.describe('Entry of the new side; it must be there, with weight 0'),
    mirroring: KubeName.exactOptional().describe(
      'Name of the TraefikService that has `mirroring`; needed for shadow steps',
    ),
    shadow: Entry.exactOptional().describe('Entry of mirroring.mirrors that gets copies of requests'),
    apis: z
      .array(BaseUrl)
      .min(1)
      .max(APIS_MAX)
      .exactOptional()
      .describe(
        'APIs of the Traefiks that users come through, all of them, with their metrics beside: what they serve is the value, what they count is the proof',
      )
      .meta({ examples: [['http://10.0.0.7:8080']] }),
    counts: Counts.exactOptional().describe(
      'How requests are counted, where a Prometheus has it (`traefik_service_requests_total`); instead of what the Traefiks count',
    ),
  })
  .superRefine(demandOneAccess)
  .superRefine((config, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    if (config.old === config.new) refuse(['new'], 'old and new are the same entry')
    if ((config.shadow === undefined) !== (config.mirroring === undefined))
      refuse(['shadow'], '`shadow` and `mirroring` go together')
    if (config.shadow !== undefined && [config.old, config.new].includes(config.shadow))
      refuse(
        ['shadow'],
        'the shadow is a side: Traefik would count copies with its requests; give it a Service of its own to the same pods',
      )
    if (config.apis === undefined && config.counts === undefined)
      refuse(['counts'], 'nothing proves that users have moved: name counts or apis')
    if (config.shadow !== undefined && config.counts !== undefined && config.counts.shadow === undefined)
      refuse(['counts'], 'copies cannot be proven: name a query for them in counts.shadow')
  })
export type TraefikCrdConfig = z.infer<typeof TraefikCrdConfig>

export const GROUP = 'traefik.io'

/** The object that a target stands in. */
export function objectOf({ service, mirroring }: TraefikCrdConfig, target: string): string {
  return target === 'mirror' && mirroring !== undefined ? mirroring : service
}

export function rulesOf(config: TraefikCrdConfig, { changed, looked }: UsedTargets): KubeRule[] {
  const { namespace } = config
  const cluster = clusterOf(config)
  const written = [...new Set(changed.map((target) => objectOf(config, target)))]
  const read = [...new Set([config.service, ...looked.map((target) => objectOf(config, target))])]
  const rule = (verbs: string[], names: string[]): KubeRule => ({
    cluster,
    namespace,
    group: GROUP,
    resource: 'traefikservices',
    verbs,
    names,
  })
  const only = read.filter((name) => !written.includes(name))
  return [
    ...(written.length === 0 ? [] : [rule(['get', 'patch'], written)]),
    ...(only.length === 0 ? [] : [rule(['get'], only)]),
  ]
}

export const spec = defineSpec({
  id: 'traffic/traefik-crd',
  port: 'traffic',
  summary: 'split 0.01 %, mirror whole percents, by a TraefikService of Kubernetes',
  config: TraefikCrdConfig,
  supports: {
    port: 'traffic',
    compareAndSet: true,
    landsWithin: '5s', // a write names the version that it is based on: once a later one is there, it cannot land any more
    showsWithin: '30s', // a Traefik that restarts has lists to read first; 2 s with its own throttle
    proof: 'requests counted by the queries of `counts`, or by the Traefiks named',
    weightStep: 0.01,
    mirror: true,
    cautions: [
      'a TraefikService has no status: without `apis` only the counted requests show that Traefiks have taken a change up',
      'a side whose Service is missing or has no endpoint takes the whole weighted service down: every request is answered 404, unless allowEmptyServices is set',
      'a change shows after providersThrottleDuration, 2 s unless set: so much later users follow, on the way back too',
      'each request is dealt anew, and a user may change sides with every one: both sides must share the state of sessions; with `sticky` on the weighted service known users stay on their side while it has any weight at all',
      'whoever else declares the TraefikService (GitOps, Helm) may put its weights back',
      'requests are counted per Service: other routes to the same ones blur the proof',
    ],
  },
  locks: (config, target) => [
    `kubernetes ${clusterOf(config)} traefikservice ${config.namespace}/${objectOf(config, target)} ${target}`,
  ],
  rules: rulesOf,
})
