// One form per record set: values canonical, unique and sorted, so that equal content is equal JSON. Pure: read offline, so no Temporal here.
import { isIPv4, isIPv6 } from 'node:net'
import type { RRset } from '../../workflows/ports/dns.ts'
import { fqdn, isName } from './names.ts'
import { canonicalTxt } from './txt.ts'

/** The types every provider can carry. */
export const PLAIN_TYPES = ['A', 'AAAA', 'CNAME', 'TXT'] as const
export type PlainType = (typeof PLAIN_TYPES)[number]

const TTL_SECONDS_MAX = 2_147_483_647 // RFC 2181 section 8: 31 bits; larger ones are read as zero

const EXPECTED: Record<PlainType, string> = {
  A: 'an IPv4 address such as 192.0.2.10',
  AAAA: 'an IPv6 address such as 2001:db8::10',
  CNAME: 'a full name such as edge.example.net., or addresses in its place such as A 192.0.2.10',
  TXT: 'text, or strings in double quotes of at most 255 bytes each',
}

const ADDRESS = /^(A|AAAA)\s+(\S+)$/i // in the place of a CNAME

/** Nothing there: a record set without values has no TTL. */
export const ABSENT: RRset = { ttl: 0, values: [] }

/** The canonical form of one value; null when it is no value of that type. */
export function canonicalValue(type: PlainType, value: string): string | null {
  switch (type) {
    case 'A':
      return isIPv4(value) ? value : null
    case 'AAAA':
      // The URL parser writes RFC 5952. A scope (`%eth0`) has no meaning in DNS.
      return isIPv6(value) && !value.includes('%') ? new URL(`http://[${value}]`).hostname.slice(1, -1) : null
    case 'CNAME':
      return canonicalAddress(value) ?? (isName(fqdn(value)) ? fqdn(value) : null)
    case 'TXT':
      return canonicalTxt(value)
  }
}

function canonicalAddress(value: string): string | null {
  const [, type, address = ''] = ADDRESS.exec(value.trim()) ?? []
  if (type === undefined) return null
  const spelled = type.toUpperCase() as 'A' | 'AAAA'
  const canonical = canonicalValue(spelled, address)
  return canonical === null ? null : `${spelled} ${canonical}`
}

export type Canonical = { ok: true; rrset: RRset } | { ok: false; problem: string }

/** The canonical form of a record set, or what is wrong with it. Plans and comparisons use this form only. */
export function canonicalRRset(type: PlainType, rrset: RRset): Canonical {
  const { values } = rrset
  const canonical = values.map((value) => canonicalValue(type, value))
  const wrong = canonical.indexOf(null)
  if (wrong !== -1) return { ok: false, problem: `${JSON.stringify(values[wrong])} is not ${EXPECTED[type]}` }
  const unique = [...new Set(canonical.filter((value) => value !== null))]
  if (type !== 'CNAME') return sortedRRset({ ttl: rrset.ttl, values: unique })
  const names = unique.filter((value) => !ADDRESS.test(value))
  if (names.length > 1) return { ok: false, problem: `a CNAME has one value, not ${names.length}` }
  if (names.length > 0 && unique.length > 1) {
    return { ok: false, problem: `a CNAME stands alone: write ${names.join()} or addresses, not both` }
  }
  const sorted = sortedRRset({ ttl: rrset.ttl, values: unique })
  if (!sorted.ok) return sorted
  return { ok: true, rrset: joined(type, partsOf(type, { ...rrset, values: unique })) }
}

/** Sorted, unique, with a TTL that DNS can carry. */
export function sortedRRset({ ttl, values }: RRset): Canonical {
  if (values.length === 0) return { ok: true, rrset: ABSENT }
  if (Number.isInteger(ttl) && ttl >= 0 && ttl <= TTL_SECONDS_MAX) {
    return { ok: true, rrset: { ttl, values: [...new Set(values)].sort() } }
  }
  return { ok: false, problem: `a TTL is a whole number of seconds from 0 to ${TTL_SECONDS_MAX}, not ${ttl}` }
}

/** The record sets behind one target, by type: one, or for a CNAME the addresses in its place. */
export type Parts = { [T in PlainType]?: { ttl: number; values: string[] } }

/** From the form of a target to the record sets that a server holds. */
export function partsOf(type: PlainType, { ttl, values, ttls }: RRset): Parts {
  if (type !== 'CNAME') return values.length === 0 ? {} : { [type]: { ttl, values } }
  const parts: Parts = {}
  for (const value of values) {
    const [, kind = 'CNAME', address] = ADDRESS.exec(value) ?? []
    const part = (parts[kind as PlainType] ??= { ttl: ttls?.[kind] ?? ttl, values: [] })
    part.values.push(address ?? value)
  }
  return parts
}

/** And back. Of a CNAME next to addresses, which no server should have, the CNAME counts. */
export function joined(type: PlainType, parts: Parts): RRset {
  const own = parts[type]
  if (own !== undefined && own.values.length > 0) return { ttl: own.ttl, values: [...own.values].sort() }
  if (type !== 'CNAME') return ABSENT
  const addresses = (['A', 'AAAA'] as const).flatMap((kind) => {
    const part = parts[kind]
    return part === undefined || part.values.length === 0 ? [] : [{ kind, ...part }]
  })
  if (addresses.length === 0) return ABSENT
  const ttl = Math.max(...addresses.map((part) => part.ttl))
  const values = addresses.flatMap((part) => part.values.map((value) => `${part.kind} ${value}`)).sort()
  if (addresses.every((part) => part.ttl === ttl)) return { ttl, values }
  return { ttl, values, ttls: Object.fromEntries(addresses.map((part) => [part.kind, part.ttl])) }
}

/** For people: `60 s 10.0.0.1 10.0.0.2`. */
export function describeRRset({ ttl, values }: RRset): string {
  return values.length === 0 ? 'no record' : `${ttl} s ${values.join(' ')}`
}
