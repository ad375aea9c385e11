// When a target is as wanted, in every place in which it lives, and whose value may be written over. Pure: look, write, proof
// and way back judge alike.
import type { Json } from '../json.ts'
import { isObject, matches, sameJson } from '../json.ts'
import { changingFacts } from './facts.ts'
import type { PortName } from './index.ts'
import type { Elsewhere, Observed } from './target.ts'

type Observation = Pick<Observed, 'value' | 'elsewhere' | 'writer' | 'writtenBy'>

/** Exactly so, everywhere: what going back demands. */
export function isExactly(seen: Observation, wanted: Json): boolean {
  return heldBy(seen).every((value) => matches(value, wanted))
}

/** As wanted: exactly so, or more than was ordered, where the port says that this does no harm (instances of an autoscaler). */
export function isAsWanted(port: PortName, seen: Observation, wanted: Json): boolean {
  return heldBy(seen).every((value) => matches(value, wanted) || isEnough(port, value, wanted))
}

/** Every value that the target holds, in whichever of its places. */
export function heldBy({ value, elsewhere = [] }: Observation): Json[] {
  return [value, ...elsewhere.map((other) => other.value)]
}

/** Without the places that could not be told: only what is held can be somebody's doing. */
export function told<O extends Observation>(seen: O): O {
  const { elsewhere = [] } = seen
  if (!elsewhere.some(({ isUntold }) => isUntold === true)) return seen
  return { ...seen, elsewhere: elsewhere.filter(({ isUntold }) => isUntold !== true) }
}

/** `route file /etc/envoy/routes.json holds {"old":95,"new":5}`; a place that could not be told says why by its name. */
export function placeWords({ place, isUntold }: Elsewhere, value: string): string {
  return isUntold === true ? place : `${place} holds ${value}`
}

/** What machines change by themselves (an autoscaler the number of instances) may be written over unless a person has set it. */
export function mayOverwrite(port: PortName, seen: Observation): boolean {
  if (changingFacts(port)?.drifts !== false) return false
  return seen.writtenBy === undefined ? seen.writer === undefined : seen.writtenBy === 'machine'
}

/**
 * Whether every part of `value` stands in one of `values`: what a write leaves that took effect in some of its parts only (one
 * of two weights, the TTL but not the addresses). Parts that not all of them name say nothing.
 */
export function isMixOf(value: Json, values: Json[]): boolean {
  if (values.some((one) => matches(value, one))) return true
  const whole = values.filter(isObject)
  const [first] = whole
  if (first === undefined || whole.length < values.length || !isObject(value)) return false
  const named = Object.keys(first).filter((key) => whole.every((one) => key in one))
  const isKnown = (key: string) => whole.some((one) => sameJson(value[key] ?? null, one[key] ?? null))
  return named.length > 0 && named.every(isKnown)
}

function isEnough(port: PortName, found: Json, ordered: Json): boolean {
  return isObject(found) && isObject(ordered) && changingFacts(port)?.isEnough?.(found, ordered) === true
}
