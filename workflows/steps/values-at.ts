// What stands in the fields of a step, by the notation in which its kind names them: `connection`, `idle_proof.from`,
// `journeys[].connection`, `warm.throttle[]`. Reads raw content. Pure.
import { type Json, isObject } from '../json.ts'
import type { FieldPath } from './kind.ts'

export type FieldValue = { path: FieldPath; value: Json }

export function valuesAt(value: Json, notation: string): FieldValue[] {
  return valuesIn(value, notation.split('.'))
}

function valuesIn(value: Json, [field, ...rest]: string[]): FieldValue[] {
  if (field === undefined) return [{ path: [], value }]
  const name = field.replace(/\[\]$/, '')
  const held = isObject(value) ? value[name] : undefined
  if (held === undefined) return []
  if (name === field) return below([name], valuesIn(held, rest))
  return Array.isArray(held) ? held.flatMap((item, index) => below([name, index], valuesIn(item, rest))) : []
}

function below(start: FieldPath, found: FieldValue[]): FieldValue[] {
  return found.map(({ path, value }) => ({ path: [...start, ...path], value }))
}
