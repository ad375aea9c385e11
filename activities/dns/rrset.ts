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
  CNAME: 'a full name such as edge.example.net.',
  TXT: 'text, or strings in double quotes of at most 255 bytes each',
}

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
      return isName(fqdn(value)) ? fqdn(value) : null
    case 'TXT':
      return canonicalTxt(value)
  }
}

export type Canonical = { ok: true; rrset: RRset } | { ok: false; problem: string }

/** The canonical form of a record set, or what is wrong with it. Plans and comparisons use this form only. */
export function canonicalRRset(type: PlainType, { ttl, values }: RRset): Canonical {
  const canonical = values.map((value) => canonicalValue(type, value))
  const wrong = canonical.indexOf(null)
  if (wrong !== -1) return { ok: false, problem: `${JSON.stringify(values[wrong])} is not ${EXPECTED[type]}` }
  const unique = new Set(canonical.filter((value) => value !== null))
  if (type === 'CNAME' && unique.size > 1) {
    return { ok: false, problem: `a CNAME has one value, not ${unique.size}` }
  }
  return sortedRRset({ ttl, values: [...unique] })
}

/** Sorted, unique, with a TTL that DNS can carry. */
export function sortedRRset({ ttl, values }: RRset): Canonical {
  if (values.length === 0) return { ok: true, rrset: ABSENT }
  if (Number.isInteger(ttl) && ttl >= 0 && ttl <= TTL_SECONDS_MAX) {
    return { ok: true, rrset: { ttl, values: [...new Set(values)].sort() } }
  }
  return { ok: false, problem: `a TTL is a whole number of seconds from 0 to ${TTL_SECONDS_MAX}, not ${ttl}` }
}

/** For people: `60 s 10.0.0.1 10.0.0.2`. */
export function describeRRset({ ttl, values }: RRset): string {
  return values.length === 0 ? 'no record' : `${ttl} s ${values.join(' ')}`
}
