// Looks at a record set in PowerDNS' API, and at what the server answers, where that is something else.
import { sameJson } from '../../../workflows/json.ts'
import type { DnsFacts, RRset } from '../../../workflows/ports/dns.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import type { Deps } from '../../provider.ts'
import { ask, partsIn } from '../ask.ts'
import { type RecordTarget, fqdn, isInZone } from '../names.ts'
import { nearCaution, nearNames } from '../near.ts'
import { ABSENT, joined } from '../rrset.ts'
import { aliasFailure, recordTarget } from '../target.ts'
import { type Api, type Rrset, type ZonePart, getName } from './client.ts'
import { failureOf } from './outcome.ts'
import { TYPES, type Type, observed, servedOf } from './record.ts'
import type { PowerdnsConfig } from './schema.ts'

const COPIES = new Set(['slave', 'secondary', 'consumer']) // kinds of zones that are written by transfers
const CHAIN_LINKS_MAX = 8 // aliases behind each other; resolvers give up soon after

export interface Connection {
  config: PowerdnsConfig
  deps: Deps
}

export const recordOf = (config: PowerdnsConfig, target: string): RecordTarget<Type> =>
  recordTarget(target, { zone: config.zone, types: TYPES })

export async function observe(connection: Connection, target: string, io: Io): Promise<Observed<RRset>> {
  const record = recordOf(connection.config, target)
  const rrsets = await read(connection, record, io)
  const value = observed(record, rrsets)
  const [server] = connection.config.servers
  const isThere = rrsets.length > 0 || server === undefined
  const [elsewhere, facts, near] = await Promise.all([
    published(connection, record, { value, io }),
    factsOf(connection, record, { rrsets, io }),
    isThere ? [] : nearNames(server, record.name, io),
  ])
  const cautions = nearCaution(`${record.name} ${record.type}`, near)
  return {
    value,
    ...(elsewhere === null ? {} : { elsewhere: [elsewhere] }),
    ...(cautions.length === 0 ? {} : { cautions }),
    facts,
  }
}

/** What PowerDNS itself answers, where that is something else than its API says: a cache, or a database behind the API's. */
async function published(
  connection: Connection,
  record: RecordTarget<Type>,
  { value, io }: { value: RRset; io: Io },
): Promise<Elsewhere | null> {
  const [server] = connection.config.servers
  const { name, type } = record
  if (server === undefined || type === 'LUA') return null // what a LUA record answers is its choice
  const types = type === 'CNAME' ? (['A', 'AAAA'] as const) : [type]
  try {
    const replies = await Promise.all(
      types.map((each) => ask({ server, name, type: each, recursive: false }, io)),
    )
    const isAnswer = replies.every(({ rcode, authoritative }) => authoritative && rcode !== 'SERVFAIL')
    const shown = joined(type, partsIn(replies, name))
    if (!isAnswer || sameJson(shown, value)) return null
    if (value.values.length === 0 && sameJson(shown, await wildcardOf(connection, record, io))) return null
    return { place: `what ${server} answers`, value: shown.values.length === 0 ? null : shown }
  } catch (error) {
    if (isTold(io.signal)) throw error
    return null // it does not answer, which `confirm` says
  }
}

/** What the nearest wildcard above a name answers for it. */
async function wildcardOf(connection: Connection, record: RecordTarget<Type>, io: Io): Promise<RRset> {
  const { zone } = connection.config
  let parent = record.name
  while (parent !== zone) {
    parent = parent.slice(parent.indexOf('.') + 1)
    const { rrsets } = await readName(connection, `*.${parent}`, io)
    if (rrsets.length > 0) return observed({ ...record, name: `*.${parent}` }, rrsets)
  }
  return ABSENT
}

/** How long caches may keep what is published now: along the chain as far as this zone goes, and that there is nothing. */
async function factsOf(
  connection: Connection,
  record: RecordTarget<Type>,
  { rrsets, io }: { rrsets: readonly Rrset[]; io: Io },
): Promise<DnsFacts> {
  const zone = connection.config.zone
  let at = rrsets
  let chainTtl = 0
  for (let links = 0; links < CHAIN_LINKS_MAX; links++) {
    const served = at.filter((each) => servedOf(each).length > 0 && isAnswerTo(record.type, each.type))
    chainTtl = Math.max(chainTtl, ...served.map(({ ttl }) => ttl))
    const next = fqdn(served.find(({ type }) => type === 'CNAME')?.records[0]?.content ?? '')
    if (next === '.' || !isInZone(next, zone)) break
    at = (await readName(connection, next, io)).rrsets
  }
  if (chainTtl > 0) return { chainTtl }
  const soa = (await readName(connection, zone, io)).rrsets.find(({ type }) => type === 'SOA')
  const minimum = Number(soa?.records[0]?.content.trim().split(/\s+/).at(-1))
  return soa === undefined || Number.isNaN(minimum) ? {} : { negativeTtl: Math.min(soa.ttl, minimum) }
}

const isAnswerTo = (asked: Type, type: string): boolean =>
  type === 'CNAME' || type === asked || (asked === 'CNAME' && (type === 'A' || type === 'AAAA'))

/** The record sets of the name. Raises Config for a zone that is a copy, Missing for a name that is an alias. */
export async function read(connection: Connection, record: RecordTarget<Type>, io: Io): Promise<Rrset[]> {
  const { kind, masters, rrsets } = await readName(connection, record.name, io)
  const { zone } = connection.config
  if (COPIES.has(kind.toLowerCase())) {
    const from = (masters ?? []).join(', ')
    throw failure(
      'Config',
      `${zone} is a secondary zone here (kind ${kind}): the next transfer${from === '' ? '' : ` from ${from}`} overwrites what is written; name the primary`,
    )
  }
  const alias = rrsets.filter(({ type }) => type === 'CNAME').flatMap(servedOf)
  if (alias.length > 0 && record.type !== 'CNAME') throw aliasFailure(record, alias.map(fqdn))
  return rrsets
}

export async function readName(connection: Connection, name: string, io: Io): Promise<ZonePart> {
  const api = await apiOf(connection)
  return await guarded(connection, { what: `reading ${name}`, api }, () => getName(api, name, io.signal))
}

export async function apiOf({ config, deps }: Connection): Promise<Api> {
  const key = (await deps.secrets.read(config.api_key)).trim()
  if (!/^[\x21-\x7e]+$/.test(key))
    throw failure(
      'Config',
      `${config.api_key} is not an API key: it must be one line of printable characters`,
    )
  return { fetch: deps.fetch, url: config.url, key, serverId: config.server_id, zone: config.zone }
}

export async function guarded<T>(
  { deps }: Connection,
  what: { what: string; api: Api },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw failureOf(error, { ...what, now: deps.now() })
  }
}
