// Whether a ResourceQuota is over the pods of a workload, by its scopes. Pure. As the API server has it:
// https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-scopes
import type { Facts } from './facts.ts'
import type { AffinityTerm, PodSpec, Quota, ScopeRule } from './objects.ts'
import { amount, containersOf, takenBy } from './quantities.ts'
import { rangesOf } from './ranges.ts'

/** `unknown`: the priority of its pods is given by the cluster, and none is there yet. */
export type Over = 'yes' | 'no' | 'unknown'

export function overPods({ spec = {} }: Quota, facts: Facts): Over {
  const { scopes = [], scopeSelector } = spec
  const rules = [
    ...scopes.map((scopeName): ScopeRule => ({ scopeName, operator: 'Exists' })),
    ...(scopeSelector?.matchExpressions ?? []),
  ]
  const answers = rules.map((rule) => isIn(rule, facts))
  if (answers.includes('no')) return 'no'
  return answers.includes('unknown') ? 'unknown' : 'yes'
}

function isIn(rule: ScopeRule, facts: Facts): Over {
  const { pod } = facts
  switch (rule.scopeName) {
    case 'Terminating':
      return said(pod.activeDeadlineSeconds !== undefined)
    case 'NotTerminating':
      return said(pod.activeDeadlineSeconds === undefined)
    case 'BestEffort':
      return said(!asks(facts))
    case 'NotBestEffort':
      return said(asks(facts))
    case 'CrossNamespacePodAffinity':
      return said(reachesOut(pod))
    case 'PriorityClass':
      return ofPriority(rule, facts)
    default:
      return 'no' // of other things than pods
  }
}

function said(isSo: boolean): Over {
  return isSo ? 'yes' : 'no'
}

/** Pods that are there have the class that the cluster gives to those that name none. */
function ofPriority({ operator, values = [] }: ScopeRule, { pod, pods }: Facts): Over {
  const given = pods.map(({ spec }) => spec?.priorityClassName).find((name) => name !== undefined)
  const name = pod.priorityClassName ?? given
  if (name === undefined && pods.length === 0) return 'unknown'
  const isAmong = name !== undefined && values.includes(name)
  const isSo = { Exists: name !== undefined, DoesNotExist: name === undefined, In: isAmong, NotIn: !isAmong }
  return isSo[operator] ? 'yes' : 'no'
}

/** Only processor and memory count, and what a LimitRange gives as well. */
function asks(facts: Facts): boolean {
  const { pod } = facts
  const ranges = rangesOf(facts)
  const shares = [pod.resources ?? {}, ...containersOf(pod).map((each) => takenBy(each, ranges))]
  return shares.some(({ requests = {}, limits: most = {} }) =>
    ['cpu', 'memory'].some((name) =>
      [requests[name], most[name]].some((text) => (amount(text ?? '0') ?? 0) > 0),
    ),
  )
}

function reachesOut({ affinity = {} }: PodSpec): boolean {
  const terms = [affinity.podAffinity, affinity.podAntiAffinity].flatMap((each): AffinityTerm[] => [
    ...(each?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(each?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  )
}
