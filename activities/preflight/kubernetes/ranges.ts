// What a LimitRange would refuse of the pods of a workload: more than its most, less than its least, a limit too far above its request,
// and what is not said at all. Pure.
import { type Facts, type Judgement, refuse } from './facts.ts'
import type { Limit } from './objects.ts'
import { amount, containersOf, rounded, takenBy, takenByPod } from './quantities.ts'

/** Null: it is not said, or not by all of them. */
type Claim = { who: string; request: number | null; limit: number | null }

export function beyondRanges(facts: Facts): Judgement[] {
  return facts.limits.flatMap(({ metadata, spec }) =>
    (spec?.limits ?? []).flatMap((limit) => beyond(`LimitRange ${metadata.name}`, limit, facts)),
  )
}

function beyond(name: string, limit: Limit, facts: Facts): Judgement[] {
  const { type, max = {}, min = {}, maxLimitRequestRatio: ratios = {} } = limit
  if (type !== 'Container' && type !== 'Pod') return []
  const asked = (resource: string): Claim[] =>
    type === 'Pod' ? [whole(resource, facts)] : each(resource, facts)
  const said = (who: string, words: string): Judgement =>
    refuse('room', {
      seen: `${name}: ${who} ${words}`,
      why: 'the API server refuses every pod of it',
      todo: 'change the resources of the workload, or the range',
    })
  return [
    ...Object.entries(max).flatMap(([resource, most]) =>
      asked(resource).flatMap(({ who, limit: has }) => {
        const words = `and at most ${most} of ${resource} is allowed`
        if (has === null) return [said(who, `has no limit for ${resource}, ${words}`)]
        return has > (amount(most) ?? Infinity) ? [said(who, `has ${has}, ${words}`)] : []
      }),
    ),
    ...Object.entries(min).flatMap(([resource, least]) =>
      asked(resource).flatMap(({ who, request }) => {
        const words = `and at least ${least} of ${resource} is demanded`
        if (request === null) return [said(who, `has no request for ${resource}, ${words}`)]
        return request < (amount(least) ?? 0) ? [said(who, `has ${request}, ${words}`)] : []
      }),
    ),
    ...Object.entries(ratios).flatMap(([resource, ratio]) =>
      asked(resource).flatMap(({ who, request, limit: has }) => {
        const is = has === null || request === null || request === 0 ? null : rounded(has / request)
        const words = `and its limit of ${resource} may be ${ratio} times its request at most`
        if (is === null) return [said(who, `does not say both, ${words}`)]
        return is > (amount(ratio) ?? Infinity) ? [said(who, `has ${is} times, ${words}`)] : []
      }),
    ),
  ]
}

function each(resource: string, facts: Facts): Claim[] {
  const ranges = rangesOf(facts)
  return containersOf(facts.pod).map((container) => {
    const { requests, limits } = takenBy(container, ranges)
    return {
      who: `container ${container.name}`,
      request: amount(requests[resource] ?? ''),
      limit: amount(limits[resource] ?? ''),
    }
  })
}

/** What one container does not say, the API server does not know of the pod. */
function whole(resource: string, facts: Facts): Claim {
  const { pod } = facts
  const ranges = rangesOf(facts)
  const of = (what: 'requests' | 'limits'): number | null => {
    const isSaid =
      pod.resources?.[what]?.[resource] !== undefined ||
      pod.containers.every((container) => takenBy(container, ranges)[what][resource] !== undefined)
    return isSaid ? takenByPod(pod, { of: what, name: resource, ranges }) : null
  }
  return { who: 'a pod', request: of('requests'), limit: of('limits') }
}

export function rangesOf({ limits }: Facts): Limit[] {
  return limits.flatMap(({ spec }) => spec?.limits ?? [])
}
