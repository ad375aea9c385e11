// Whether the namespace has room for the instances that the run is going to need: ResourceQuotas and LimitRanges. Pure. What the
// API server itself would refuse of each pod is computed here, since it refuses pods one by one, in the middle of the night.
import { type Facts, type Judgement, caution, fine, refuse, wantedOf } from './facts.ts'
import type { Limit, Quota } from './objects.ts'
import { amount, containersOf, rounded, takenBy, takenByPod } from './quantities.ts'

const PODS = ['pods', 'count/pods']

export function roomOf(facts: Facts): Judgement[] {
  const quotas = facts.quotas.filter((quota) => isOverPods(quota, facts))
  const found = [
    ...quotas.flatMap((quota) => leftIn(quota, facts)),
    ...facts.limits.flatMap(({ metadata, spec }) =>
      (spec?.limits ?? []).flatMap((limit) => beyond(`LimitRange ${metadata.name}`, limit, facts)),
    ),
  ]
  if (found.length > 0) return found
  const names = quotas.map(({ metadata }) => metadata.name)
  const wanted = wantedOf(facts)
  return [
    fine(
      'room',
      names.length === 0
        ? `no ResourceQuota is over its pods: nothing of the namespace stands against ${wanted} instances`
        : `ResourceQuota ${names.join(', ')} has room for ${wanted} instances`,
    ),
  ]
}

/** Scopes that a pod of a workload can never be in, or only without any request. */
function isOverPods({ spec = {} }: Quota, { pod }: Facts): boolean {
  const asks = containersOf(pod).some(({ resources = {} }) =>
    [resources.requests, resources.limits].some((amounts) => Object.keys(amounts ?? {}).length > 0),
  )
  const isIn = (scope: string): boolean => {
    if (scope === 'Terminating') return pod.activeDeadlineSeconds !== undefined
    if (scope === 'BestEffort') return !asks
    return scope === 'NotBestEffort' ? asks : true
  }
  return (spec.scopes ?? []).every(isIn)
}

function leftIn(quota: Quota, facts: Facts): Judgement[] {
  const name = `ResourceQuota ${quota.metadata.name}`
  if (quota.spec?.scopeSelector !== undefined)
    return [
      caution('room', {
        seen: `${name} is for some pods only (scopeSelector)`,
        why: 'whether it is over these is not worked out here',
        todo: 'see for yourself that it has room',
      }),
    ]
  const { hard, used = {} } = quota.status ?? {}
  if (hard === undefined)
    return [
      caution('room', {
        seen: `${name} has not been counted yet`,
        why: 'what is left of it is not known',
        todo: 'look again in a moment; without a controller it stays so',
      }),
    ]
  return Object.entries(hard).flatMap(([key, limit]) => leftOf({ name, key, limit, used: used[key] }, facts))
}

type Counted = { name: string; key: string; limit: string; used: string | undefined }

function leftOf({ name, key, limit, used = '0' }: Counted, facts: Facts): Judgement[] {
  const taken = takenOf(key)
  if (taken === null) return []
  const ranges = rangesOf(facts)
  const silent =
    taken.of === null
      ? undefined
      : containersOf(facts.pod).find((each) => takenBy(each, ranges)[taken.of][taken.name] === undefined)
  if (silent !== undefined && taken.of !== null)
    return [
      refuse('room', {
        seen: `${name} counts ${key}, and container ${silent.name} says no ${taken.name} in its ${taken.of}`,
        why: 'the API server refuses every pod that does not say it',
        todo: `write resources.${taken.of}.${taken.name} for ${silent.name}`,
      }),
    ]
  const each = taken.of === null ? 1 : takenByPod(facts.pod, { of: taken.of, name: taken.name, ranges })
  const left = rounded((amount(limit) ?? 0) - (amount(used) ?? 0))
  const [wanted, there] = [wantedOf(facts), facts.pods.length]
  const more = Math.max(0, wanted - there)
  if (rounded(more * each) <= left) return []
  const fits = each === 0 ? more : Math.max(0, Math.floor(left / each))
  return [
    refuse('room', {
      seen: `${name} leaves ${key} for ${fits} of ${more} further instances (${used} of ${limit} used, ${each} each)`,
      why: `${wanted} are wanted and ${there} are there: the rest is not started`,
      todo: 'raise the quota, or ask for fewer instances',
    }),
  ]
}

/** What a key of a quota counts of a pod; null: nothing of it. */
function takenOf(key: string): { of: 'requests' | 'limits'; name: string } | { of: null } | null {
  if (PODS.includes(key)) return { of: null }
  const [, of, name] = /^(requests|limits)\.(.+)$/.exec(key) ?? []
  if (name !== undefined && !name.endsWith('storage')) return { of: of as 'requests' | 'limits', name }
  return ['cpu', 'memory'].includes(key) ? { of: 'requests', name: key } : null
}

/** What one container, or a whole pod, may have by a LimitRange. */
function beyond(name: string, limit: Limit, facts: Facts): Judgement[] {
  const { type, max = {}, min = {} } = limit
  if (type !== 'Container' && type !== 'Pod') return []
  const ranges = rangesOf(facts)
  const whole = (of: 'requests' | 'limits', resource: string): number =>
    takenByPod(facts.pod, { of, name: resource, ranges })
  const each = (of: 'requests' | 'limits', resource: string): [string, number][] =>
    type === 'Pod'
      ? [['a pod', whole(of, resource)]]
      : containersOf(facts.pod).map((container) => [
          `container ${container.name}`,
          amount(takenBy(container, ranges)[of][resource] ?? '0') ?? 0,
        ])
  const said = (who: string, has: number, words: string): Judgement =>
    refuse('room', {
      seen: `${name}: ${who} has ${has}, ${words}`,
      why: 'the API server refuses every pod of it',
      todo: 'change the resources of the workload, or the range',
    })
  return [
    ...Object.entries(max).flatMap(([resource, most]) =>
      each('limits', resource)
        .filter(([, has]) => has > (amount(most) ?? Infinity))
        .map(([who, has]) => said(who, has, `and at most ${most} of ${resource} is allowed`)),
    ),
    ...Object.entries(min).flatMap(([resource, least]) =>
      each('requests', resource)
        .filter(([, has]) => has < (amount(least) ?? 0))
        .map(([who, has]) => said(who, has, `and at least ${least} of ${resource} is demanded`)),
    ),
  ]
}

function rangesOf({ limits }: Facts): Limit[] {
  return limits.flatMap(({ spec }) => spec?.limits ?? [])
}
