// What a target holds, as plans say it. Pure.
import type { Json } from '../../workflows/json.ts'
import { valueText } from '../output/words.ts'

export function targetText(value: Json): string {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { ttl, values, count, percent } = value
    if (typeof ttl === 'number' && Array.isArray(values))
      return values.length === 0 ? 'no such record' : `${valueText(values)} (TTL ${ttl}s)`
    if (typeof count === 'number') return count === 1 ? '1 instance' : `${count} instances`
    if (typeof percent === 'number') return percent === 0 ? 'no mirroring' : `${percent}% mirrored`
  }
  return valueText(value)
}
