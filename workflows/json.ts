// Plain JSON: all that may cross a workflow boundary or be kept in run state.
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Two JSON values with the same content, whatever the order of their keys. */
export function sameJson(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b)
}

/** One text per content: keys sorted, no white space. The digest of a plan is taken over this text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const keys = Object.keys(value).filter((key) => value[key] !== undefined)
  return `{${keys
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] as Json)}`)
    .join(',')}}`
}

/**
 * Whether `seen` is what `wanted` asks for: every key that `wanted` names has that content. Backends may report
 * more than a step wants to say (weights of single servers, say); a recorded `before` names all of it.
 */
export function matches(seen: Json, wanted: Json): boolean {
  if (!isObject(wanted) || !isObject(seen)) return sameJson(seen, wanted)
  return Object.entries(wanted).every(([key, value]) => key in seen && matches(seen[key] as Json, value))
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
