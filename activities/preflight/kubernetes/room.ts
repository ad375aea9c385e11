// Whether the namespace has room for the instances that the run is going to need: ResourceQuotas and LimitRanges. Pure. What the
// API server itself would refuse of each pod is computed here, since it refuses pods one by one, in the middle of the night.
import { type Facts, type Judgement, caution, fine, refuse, wantedOf } from './facts.ts'
import type { Quota } from './objects.ts'
import { amount, containersOf, rounded, takenBy, takenByPod } from './quantities.ts'
import { beyondRanges, rangesOf } from './ranges.ts'
import { overPods } from './scopes.ts'

const PODS = ['pods', 'count/pods']
const DEMANDED = ['cpu', 'memory'] // of every container, where a quota counts them; of anything else a pod may say nothing
const BARE = ['cpu', 'memory', 'ephemeral-storage'] // requests, by their short names

export function roomOf(facts: Facts): Judgement[] {
  const quotas = facts.quotas.filter((quota) => overPods(quota, facts) !== 'no')
  const found = [...quotas.flatMap((quota) => leftIn(quota, facts)), ...beyondRanges(facts)]
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

function leftIn(quota: Quota, facts: Facts): Judgement[] {
  const name = `ResourceQuota ${quota.metadata.name}`
  if (overPods(quota, facts) === 'unknown')
    return [
      caution('room', {
        seen: `${name} is for pods of some priority classes only`,
        why: 'these name none, and none is there that shows which one the cluster gives them',
        todo: 'let one instance run, or name a priorityClassName',
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
  const isDemanded = taken.of !== null && DEMANDED.includes(taken.name) && facts.pod.resources === undefined
  const silent =
    taken.of === null || !isDemanded
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
  if (name !== undefined && name !== 'storage') return { of: of as 'requests' | 'limits', name }
  return BARE.includes(key) || key.startsWith('hugepages-') ? { of: 'requests', name: key } : null
}
