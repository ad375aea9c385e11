// The mirror policies of a route: its own, or those of its virtual host where it has none. Pure; field names in either spelling.
import type { JsonObject } from '../../../workflows/json.ts'
import type { Mirror } from '../../../workflows/ports/traffic.ts'
import { type RouteHere, UnfitRoute, field, isObject, keyOf, objects } from './routes.ts'

const DENOMINATORS: Record<string, number> = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 }

type Mirrored = Pick<RouteHere, 'action' | 'inherited'>

export function mirrorPolicy({ action, inherited }: Mirrored, shadow: string): JsonObject | undefined {
  const own = objects(field(action, 'request_mirror_policies'))
  return (own.length > 0 ? own : inherited).find((each) => each['cluster'] === shadow)
}

export function readMirror(here: Mirrored, shadow: string): Mirror {
  const policy = mirrorPolicy(here, shadow)
  if (policy === undefined) return { percent: 0 }
  const fraction = field(policy, 'runtime_fraction')
  const value = isObject(fraction) ? field(fraction, 'default_value') : undefined
  if (!isObject(value)) return { percent: 100 } // no fraction: every request
  const denominator = DENOMINATORS[String(value['denominator'] ?? 'HUNDRED')] ?? 100
  return { percent: Math.min(100, (Number(value['numerator'] ?? 0) * 100) / denominator) }
}

/** Raises UnfitRoute for a share that cannot be mirrored, and where a first policy of the route would put an end to those it inherits. */
export function editMirror({ action, inherited }: Mirrored, { percent }: Mirror, shadow: string): void {
  const numerator = Math.round(percent * 10_000)
  if (!(percent >= 0 && percent <= 100) || Math.abs(numerator - percent * 10_000) > 1e-6) {
    throw new UnfitRoute('Rejected', `${percent} % cannot be mirrored: 0 to 100 with at most four decimals`)
  }
  const key = keyOf(action, 'request_mirror_policies')
  const policies = objects(action[key])
  if (policies.length === 0 && inherited.length > 0) {
    const names = inherited.map((each) => String(each['cluster'] ?? each['cluster_header'])).join(', ')
    throw new UnfitRoute(
      'Config',
      `the route mirrors to ${names} by its virtual host, which a policy of its own would end: write those into the route`,
    )
  }
  const policy = policies.find((each) => each['cluster'] === shadow)
  const share = { numerator, denominator: 'MILLION' }
  if (policy === undefined) {
    if (percent > 0) {
      action[key] = [...policies, { cluster: shadow, runtime_fraction: { default_value: share } }]
    }
    return
  }
  const fractionKey = keyOf(policy, 'runtime_fraction')
  const fraction = isObject(policy[fractionKey]) ? policy[fractionKey] : {}
  fraction[keyOf(fraction, 'default_value')] = share
  // A policy that says more than a share stays, at 0: what it says must come back with the share.
  const saysMore =
    Object.keys(policy).length > (fractionKey in policy ? 2 : 1) || Object.keys(fraction).length > 1
  const others = policies.filter((each) => each !== policy)
  if (percent > 0 || saysMore) policy[fractionKey] = fraction
  else if (others.length > 0) action[key] = others
  else delete action[key]
}
