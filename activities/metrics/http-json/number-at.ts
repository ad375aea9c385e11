// The number at a dotted path of a JSON answer, or why there is none. Pure: no I/O, no clock.
import type { Json } from '../../../workflows/json.ts'

export type Found = { kind: 'number'; value: number } | { kind: 'none'; why: string }

/** Numbers index lists: `sides.0.errors`. Only a finite JSON number is one: no text, no list, no `null`. */
export function numberAt(json: Json, path: string): Found {
  const { value: at, missing } = valueAt(json, path)
  if (at === undefined) return none(`the answer has no ${missing}`)
  if (typeof at === 'number' && Number.isFinite(at)) return { kind: 'number', value: at }
  return none(`${path} is ${words(at)}, not a number`)
}

/** What stands at a dotted path; undefined = nothing does, from `missing` on. */
export function valueAt(json: Json, path: string): { value: Json | undefined; missing: string } {
  const parts = path.split('.')
  let at: Json = json
  for (const [index, part] of parts.entries()) {
    const inner = partOf(at, part)
    if (inner === undefined) return { value: undefined, missing: parts.slice(0, index + 1).join('.') }
    at = inner
  }
  return { value: at, missing: '' }
}

/** Only what the answer says: a list's own `length` is nothing that anybody measured. */
function partOf(json: Json, part: string): Json | undefined {
  if (json === null || typeof json !== 'object') return undefined
  if (Array.isArray(json)) return /^\d+$/.test(part) ? json[Number(part)] : undefined
  return Object.hasOwn(json, part) ? json[part] : undefined
}

function none(why: string): Found {
  return { kind: 'none', why }
}

function words(value: Json): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value === null) return 'null'
  if (typeof value === 'number') return String(value) // 1e999 is valid JSON and reads as Infinity
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : 'boolean'}`
}
