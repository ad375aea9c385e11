// DNS: record sets. A target is `<fqdn with final dot> <type>`, e.g. `api.example.com. A`.
import type { JsonObject } from '../json.ts'
import type { ChangeSupports, Changing } from './target.ts'

/** TTL in seconds; values in presentation form, sorted. No values = the record set does not exist (its TTL is then 0). */
export type RRset = { ttl: number; values: string[] }

/**
 * Options of `confirm`: every authoritative server (found by the provider, or `servers`) must answer with the desired set,
 * and every resolver with the desired values and at most the desired TTL. Addresses as `host` or `host:port`.
 */
export type DnsConfirmOptions = JsonObject & { resolvers: string[]; servers?: string[] }

export type DnsPort = Changing<RRset>

export interface DnsSupports extends ChangeSupports {
  port: 'dns'
}
