// The value of a target in the words that people use: `old 75 new 25`. Pure.
import type { Json } from '../json.ts'

const MEMBERS_SHOWN_MAX = 4 // more weights than a line can hold; plan and history have them all

export function show(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(show).join(',')
  return Object.entries(value)
    .flatMap(([key, part]) => (key === 'members' ? membersOf(part) : [`${key} ${show(part)}`]))
    .join(' ')
}

/** Weights of single servers, where two splits may read alike and differ: 1 and 0 are 100 % and 0 % too. */
function membersOf(members: Json): string[] {
  const isFew = typeof members === 'object' && Object.keys(members ?? {}).length <= MEMBERS_SHOWN_MAX
  return isFew ? [`(${show(members)})`] : []
}
