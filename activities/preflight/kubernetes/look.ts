// One look at a workload and at everything in its namespace that decides whether it is fit for users. Reads only.
import type { Demand } from '../../../workflows/ports/preflight.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { type WorkloadObject, replicasOf } from '../../kubernetes/workload-status.ts'
import { WORKLOADS, namedBy, pathOfWorkload } from '../../kubernetes/workloads.ts'
import type { Facts } from './facts.ts'
import {
  type Budget,
  type LimitRange,
  type MeshRule,
  type Pod,
  type Quota,
  type Service,
  type Workload,
  holds,
  selectorText,
  selects,
} from './objects.ts'
import { type KubernetesPreflightConfig, LISTS } from './schema.ts'

export interface Place {
  config: KubernetesPreflightConfig
  kube: Kube
}

export async function look({ config, kube }: Place, demand: Demand, io: Io): Promise<Facts> {
  const { namespace } = config
  const named = namedBy(config.workload)
  const words = `${WORKLOADS[named.word].kind} ${namespace}/${named.name}`
  const doing = `looking at ${words} in cluster ${kube.cluster}`
  const listed = <O>(of: keyof typeof LISTS, query = ''): Promise<O[] | null> => {
    const { group, version, resource } = LISTS[of]
    const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
    return kube.list<O>({ path: `${root}/namespaces/${namespace}/${resource}${query}`, doing }, io)
  }
  const at = (text: string) => ({ path: pathOfWorkload(namedBy(text), namespace), doing })
  const workload = await kube.get<Workload>(at(config.workload), io)
  const { selector, template } = workload.spec ?? {}
  if (selector === undefined || template?.spec === undefined)
    throw failure(
      'Unsupported',
      `${doing}: it has no pods of its own (workloadRef?): name the workload that has them`,
    )
  const labels = template.metadata?.labels ?? {}
  const base = config.of === undefined ? workload : await kube.get<Workload>(at(config.of), io)
  const query = `?labelSelector=${encodeURIComponent(selectorText(selector))}`
  const [pods, services, budgets, quotas, limits, meshRules, clock] = await Promise.all([
    listed<Pod>('pods', query),
    listed<Service>('services'),
    listed<Budget>('budgets'),
    listed<Quota>('quotas'),
    listed<LimitRange>('limits'),
    listed<MeshRule>('meshRules'),
    kube.clock(doing, io),
  ])
  return {
    demand,
    namespace,
    workload,
    base: replicasOf(base as WorkloadObject),
    labels,
    pod: template.spec,
    pods: (pods ?? []).filter((pod) => isStaying(pod)),
    services: (services ?? []).filter(({ spec }) => isLeading(spec?.selector, labels)),
    budgets: (budgets ?? []).filter(({ spec }) => selects(spec?.selector, labels)),
    quotas: quotas ?? [],
    limits: limits ?? [],
    meshRules,
    clock,
  }
}

function isStaying({ metadata, status }: Pod): boolean {
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed'
  return metadata.deletionTimestamp === undefined && !isOver
}

/** A Service without a selector leads nowhere by itself. */
function isLeading(selector: Record<string, string> | undefined, labels: Record<string, string>): boolean {
  return selector !== undefined && Object.keys(selector).length > 0 && holds(selector, labels)
}
