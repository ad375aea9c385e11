// What a runbook says about the instances of a side in Kubernetes, and what plans may rely on. Holds no client code.
import { z } from 'zod'
import { clusterOf, demandOneAccess, kubernetesAccess } from '../../kubernetes/config.ts'
import { WORKLOADS, Workload, type WorkloadName, namedBy } from '../../kubernetes/workloads.ts'
import { type KubeRule, type UsedTargets, defineSpec } from '../../provider.ts'

/** What keeps the number of instances of a workload between two bounds. */
export const AUTOSCALERS = {
  hpa: { group: 'autoscaling', version: 'v2', resource: 'horizontalpodautoscalers' },
  keda: { group: 'keda.sh', version: 'v1alpha1', resource: 'scaledobjects' },
} as const

export const KubernetesCapacityConfig = z
  .strictObject({
    ...kubernetesAccess,
    old: Workload.exactOptional()
      .describe('Workload of the old side')
      .meta({ examples: ['deployment/orders-v1'] }),
    new: Workload.exactOptional()
      .describe('Workload of the new side')
      .meta({ examples: ['rollout/orders-v2'] }),
  })
  .superRefine(demandOneAccess)
  .refine(({ old, new: fresh }) => old !== undefined || fresh !== undefined, {
    message: 'name the workload of one side at least',
  })
  .refine(({ old, new: fresh }) => old === undefined || old !== fresh, {
    message: 'old and new are the same workload',
    path: ['new'],
  })
export type KubernetesCapacityConfig = z.infer<typeof KubernetesCapacityConfig>

export function workloadOf(config: KubernetesCapacityConfig, target: string): WorkloadName | null {
  const text = target === 'old' ? config.old : target === 'new' ? config.new : undefined
  return text === undefined ? null : namedBy(text)
}

/** The names of autoscalers are not known before they are looked for: lists have none, and so has the permission to change one. */
export function rulesOf(config: KubernetesCapacityConfig, { changed, looked }: UsedTargets): KubeRule[] {
  const place = { cluster: clusterOf(config), namespace: config.namespace }
  const workloads = [...new Set([...changed, ...looked])].flatMap((target) => {
    const workload = workloadOf(config, target)
    if (workload === null) return []
    const { group, resource } = WORKLOADS[workload.word]
    const names = [workload.name]
    const scale = { ...place, group, resource: `${resource}/scale`, verbs: ['patch'], names }
    return [
      { ...place, group, resource, verbs: ['get'], names },
      ...(changed.includes(target) ? [scale] : []),
    ]
  })
  if (workloads.length === 0) return []
  const verbs = changed.length === 0 ? ['list'] : ['list', 'patch']
  const autoscalers = Object.values(AUTOSCALERS).map(({ group, resource }) => ({
    ...place,
    group,
    resource,
    verbs,
  }))
  return [...workloads, ...autoscalers]
}

export const spec = defineSpec({
  id: 'capacity/kubernetes',
  port: 'capacity',
  summary: 'instances of Deployments, StatefulSets and Argo Rollouts, with the floor of their autoscaler',
  config: KubernetesCapacityConfig,
  supports: {
    port: 'capacity',
    compareAndSet: true,
    landsWithin: '1m', // an API server ends a request after this long (--request-timeout)
    showsWithin: '1s', // a look reads what was stored
    noticesWithin: '5m', // what an autoscaler has wanted counts for so long when it scales down (downscale stabilization)
    proof: 'instances that the status reports as ready, for the present generation',
    cautions: [
      'whoever else declares the number of instances (GitOps, Helm) may put it back',
      'with an autoscaler its floor is set besides the number; its ceiling is not, and must be high enough',
    ],
  },
  locks: (config, target) => {
    const workload = workloadOf(config, target)
    if (workload === null) return []
    return [`kubernetes ${clusterOf(config)} ${workload.word} ${config.namespace}/${workload.name} instances`]
  },
  rules: rulesOf,
})
