// The value of a target in the words that people use: `old 75 new 25`. Pure.
import type { Json } from '../json.ts'

export function show(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.map(show).join(',')
  return Object.entries(value)
    .filter(([key]) => key !== 'members')
    .map(([key, part]) => `${key} ${show(part)}`)
    .join(' ')
}
