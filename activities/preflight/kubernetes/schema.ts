// What a runbook says of a workload that is looked at before users are led to it, and which checks there are. Holds no client code.
import { z } from 'zod'
import { clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { WORKLOADS, Workload, namedBy } from '../../kubernetes/workloads.ts'
import { type KubeRule, defineSpec } from '../../provider.ts'

/** Each is a name that a finding has and that `accept` takes. */
export const CHECKS = [
  'instances',
  'image',
  'readiness',
  'liveness',
  'graceful-stop',
  'disruption-budget',
  'service',
  'circuit-breaker',
  'room',
  'owners',
  'clock',
] as const
export type Check = (typeof CHECKS)[number]

export const KubernetesPreflightConfig = z
  .strictObject({
    ...kubernetesAccess,
    workload: Workload.describe('The workload to which users are going to be led').meta({
      examples: ['deployment/orders-v2'],
    }),
    of: Workload.exactOptional()
      .describe(
        'The workload that users are on now: `factor` of a step multiplies its instances; left out: those of `workload`',
      )
      .meta({ examples: ['deployment/orders-v1'] }),
  })
  .superRefine(demandOneAccess)
export type KubernetesPreflightConfig = z.infer<typeof KubernetesPreflightConfig>

/** What is listed beside the workload, by the word of the look. Lists have no names. */
export const LISTS = {
  pods: { group: '', version: 'v1', resource: 'pods' },
  services: { group: '', version: 'v1', resource: 'services' },
  quotas: { group: '', version: 'v1', resource: 'resourcequotas' },
  limits: { group: '', version: 'v1', resource: 'limitranges' },
  budgets: { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets' },
  meshRules: { group: 'networking.istio.io', version: 'v1', resource: 'destinationrules' },
} as const

export function rulesOf(config: KubernetesPreflightConfig): KubeRule[] {
  const place = { cluster: clusterOf(config), namespace: config.namespace }
  const looked = [config.workload, ...(config.of === undefined ? [] : [config.of])]
  return [
    ...looked.map(namedBy).map(({ word, name }) => {
      const { group, resource } = WORKLOADS[word]
      return { ...place, group, resource, verbs: ['get'], names: [name] }
    }),
    ...Object.values(LISTS).map((each) => ({
      ...place,
      group: each.group,
      resource: each.resource,
      verbs: ['list'],
    })),
  ]
}

export const spec = defineSpec({
  id: 'preflight/kubernetes',
  port: 'preflight',
  summary: 'probes, graceful stop, disruption budget, circuit breaker, quotas, images, clock of a workload',
  config: KubernetesPreflightConfig,
  supports: {
    port: 'preflight',
    checks: CHECKS,
    cautions: ['nodes are not looked at: whether they have room shows when instances are asked for'],
  },
  locks: () => [],
  rules: rulesOf,
})
