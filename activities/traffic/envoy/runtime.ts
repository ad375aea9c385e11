// What Envoy's runtime says of a route that names keys of it: values there are in force, whatever file and configuration say. They are
// set by hand (/runtime_modify) or by RTDS, and no configuration dump shows them. Facts of 1.40, verified 2026-11-28.
import { type JsonObject, matches } from '../../../workflows/json.ts'
import type { Elsewhere } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { sharesOf } from '../parts.ts'
import { mirrorPolicy } from './mirrors.ts'
import { type RouteChoice, type RouteHere, clusterWeights, field, isObject, runtimeKeysOf } from './routes.ts'

type Route = Pick<RouteHere, 'action' | 'inherited'>

/** The keys that a target of the route obeys; none: nothing has to be asked. */
export function keysFor(route: Route, target: string, choice: RouteChoice): string[] {
  if (target === 'mirror') {
    const fraction = field(mirrorPolicy(route, choice.shadow ?? '') ?? {}, 'runtime_fraction')
    const key = isObject(fraction) ? field(fraction, 'runtime_key') : undefined
    return typeof key === 'string' && key !== '' ? [key] : []
  }
  const { action } = route
  const prefix = target === 'split' ? runtimeKeysOf(action) : null
  return prefix === null ? [] : Object.keys(clusterWeights(action)).map((name) => `${prefix}.${name}`)
}

/** What is in force instead of `value`, where it is something else. `values`: those of the runtime, by key. */
export function overriddenBy(
  values: Record<string, string>,
  of: { route: Route; target: string; choice: RouteChoice; value: Split | Mirror },
): Elsewhere | null {
  const { route, target, choice, value } = of
  const { action } = route
  const keys = keysFor(route, target, choice).filter((key) => key in values)
  if (keys.length === 0) return null
  const place = `runtime of Envoy (${keys.map((key) => `${key} ${values[key]}`).join(', ')}), which is in force,`
  const now =
    target === 'mirror' ? mirrored(values[keys[0] ?? ''] ?? '') : splitWith(values, { action, choice })
  if (now === null) return { place: `${place} says something else than a share`, value: null, isUntold: true }
  return matches(value, now) ? null : { place, value: now }
}

/** Whole numbers count, anything else is passed over by Envoy. */
function splitWith(
  values: Record<string, string>,
  { action, choice: { old, new: fresh } }: { action: JsonObject; choice: RouteChoice },
): Split | null {
  const prefix = runtimeKeysOf(action)
  const weights = Object.entries(clusterWeights(action)).map(([name, weight]) => {
    const set = values[`${prefix}.${name}`] ?? ''
    return [name, /^\d+$/.test(set) ? Number(set) : weight] as const
  })
  if (weights.some(([name, weight]) => name !== old && name !== fresh && weight > 0)) return null
  const weightOf = (side: string): number => weights.find(([name]) => name === side)?.[1] ?? 0
  return sharesOf({ old: weightOf(old), new: weightOf(fresh) }).split
}

/** A whole number is a share in percent; fractions are written as structures, which are not read here. */
function mirrored(value: string): Mirror | null {
  return /^\d+$/.test(value) ? { percent: Math.min(100, Number(value)) } : null
}
