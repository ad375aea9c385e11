// DNS: record sets. A target is `<fqdn with final dot> <type>`, e.g. `api.example.com. A`.
import { type JsonObject, sameJson } from '../json.ts'
import { definePort } from './port.ts'
import type { ChangeSupports, Changing } from './target.ts'

const LEADS_USERS = / (?:A|AAAA|CNAME|LUA)$/
const FOLLOWING_MARGIN_MS = 1_000 // resolvers were seen to follow about a second after the TTL

/**
 * TTL in seconds; values in presentation form, sorted. No values = the record set does not exist (its TTL is then 0).
 * A target of type CNAME speaks for all that leads users on at its name, so that an address can become an alias and the way
 * back in one write: its values are one name, or in its place addresses, each with its type (`A 192.0.2.10`).
 */
export type RRset = {
  ttl: number
  values: string[]
  /** TTLs by type, where addresses of both types stand in the place of a CNAME under different ones; `ttl` is then the longest. */
  ttls?: { [type: string]: number }
}

/** What `observe` may say besides the value: how long caches may keep what is published now. */
export type DnsFacts = {
  /** The longest TTL from the record to the address behind it, as far as the server knows it. */
  chainTtl?: number
  /** How long resolvers believe that there is no such record (RFC 2308). */
  negativeTtl?: number
}

/**
 * Options of `confirm`: every authoritative server (found by the provider, or `servers`) must answer with the desired set,
 * and every resolver with the desired values and at most the desired TTL. Addresses as `host` or `host:port`.
 */
export type DnsConfirmOptions = JsonObject & { resolvers: string[]; servers?: string[] }

export type DnsPort = Changing<RRset>

export interface DnsSupports extends ChangeSupports {
  port: 'dns'
}

export const dns = definePort<RRset>({
  changing: {
    isRestoredLast: false,
    drifts: true,
    temporaryParts: ['ttl'],
    strange: () => ({ ttl: 7, values: ['192.0.2.77'] }),
    words: ({ ttl, values }) =>
      values.length === 0 ? 'no such record' : `${values.join(', ')} (TTL ${ttl}s)`,
    isThere: ({ values }) => values.length > 0,
    // A resolver may still hand out what the run has published.
    lingersMs({ before, values }) {
      const others = values.filter((rrset) => !sameJson(rrset.values, before.values))
      return others.length === 0 ? 0 : Math.max(...others.map(({ ttl }) => ttl * 1_000)) + FOLLOWING_MARGIN_MS
    },
    leads: {
      unknown: { ttl: 0, values: ['not looked at'] },
      isFollowedLate: true,
      serves({ target, before, now, declared }) {
        if (!LEADS_USERS.test(target)) return null
        // A value that was there before the run is the old side's: a record that holds old and new ones serves both.
        const hasOld = now.values.some((value) => before.values.includes(value))
        const hasNew = now.values.some((value) => !before.values.includes(value))
        if (declared === undefined) return { as: 'name', sides: { old: hasOld, new: hasNew } }
        const old = hasOld || (hasNew && declared === 'old')
        return { as: 'besides', sides: { old, new: hasNew && declared === 'new' } }
      },
    },
  },
})
