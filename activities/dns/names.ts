// Names of records: one spelling for each (lower case, final dot), and the target `<fqdn> <TYPE>`. Pure: read offline, so no Temporal here.
import { z } from 'zod'

const LABEL = /^(?:\*|[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)$/ // RFC 1035 plus the underscore of service names and the wildcard
const NAME_CHARACTERS_MAX = 254 // 255 bytes on the wire (RFC 1035 2.3.4) less one: presentation form with its final dot

/** `API.Example.com` -> `api.example.com.` */
export function fqdn(text: string): string {
  const lower = text.trim().toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

/** Whether `name` (one spelling, final dot) can be put on the wire. */
export function isName(name: string): boolean {
  if (name.length > NAME_CHARACTERS_MAX || !name.endsWith('.')) return false
  return name
    .slice(0, -1)
    .split('.')
    .every((label) => LABEL.test(label))
}

export function isInZone(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`)
}

export interface RecordTarget<T extends string = string> {
  name: string
  type: T
}

/** Splits a target and brings it to its one spelling; judges nothing. */
export function spellTarget(target: string): RecordTarget {
  const [name = '', type = ''] = target.trim().split(/\s+/)
  return { name: fqdn(name), type: type.toUpperCase() }
}

/** The locks of a record set, the same whichever provider, server or spelling leads to it. A CNAME may take the place of addresses. */
export function recordLocks(target: string): string[] {
  const { name, type } = spellTarget(target)
  const types = type === 'CNAME' ? ['A', 'AAAA', type] : [type]
  return types.map((each) => `dns:${name} ${each}`)
}

export const Zone = z
  .string()
  .overwrite(fqdn)
  .refine(isName, 'not a zone: write its full name, such as example.com.')
