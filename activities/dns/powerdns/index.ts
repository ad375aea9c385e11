// DNS through PowerDNS' API: one record set replaced at a time. A 204 proves nothing, so a write ends by asking the server.
import { sameJson } from '../../../workflows/json.ts'
import type { DnsFacts, DnsPort, RRset } from '../../../workflows/ports/dns.ts'
import type {
  ConfirmRequest,
  Confirmation,
  Elsewhere,
  Io,
  Observed,
  Write,
} from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { isTold } from '../../http.ts'
import { ask, partsIn } from '../ask.ts'
import { type NameServer, confirmEffects, confirmOptions } from '../confirm.ts'
import { type RecordTarget, fqdn, isInZone } from '../names.ts'
import { ABSENT, describeRRset, joined } from '../rrset.ts'
import { aliasFailure, recordTarget } from '../target.ts'
import {
  type Api,
  ApiError,
  type Rrset,
  type ZonePart,
  flushCache,
  getDisabled,
  getName,
  putRrsets,
} from './client.ts'
import { failureOf } from './outcome.ts'
import { TYPES, type Type, canonical, effectsFor, observed, servedOf, setsOf } from './record.ts'
import { type PowerdnsConfig, spec } from './schema.ts'

const COPIES = new Set(['slave', 'secondary', 'consumer']) // kinds of zones that are written by transfers
const CHAIN_LINKS_MAX = 8 // aliases behind each other; resolvers give up soon after

interface Connection {
  config: PowerdnsConfig
  deps: Deps
}

export const powerdns = defineProvider({
  spec,
  connect: (config, deps): DnsPort => ({
    observe: (target, io) => observe({ config, deps }, target, io),
    write: (write, io) => replace({ config, deps }, write, io),
    confirm: (request, io) => confirm({ config, deps }, request, io),
  }),
})

const recordOf = (config: PowerdnsConfig, target: string): RecordTarget<Type> =>
  recordTarget(target, { zone: config.zone, types: TYPES })

async function observe(connection: Connection, target: string, io: Io): Promise<Observed<RRset>> {
  const record = recordOf(connection.config, target)
  const rrsets = await read(connection, record, io)
  const value = observed(record, rrsets)
  const [elsewhere, facts] = await Promise.all([
    published(connection, record, { value, io }),
    factsOf(connection, record, { rrsets, io }),
  ])
  return { value, ...(elsewhere === null ? {} : { elsewhere: [elsewhere] }), facts }
}

async function replace(connection: Connection, write: Write<RRset>, io: Io): Promise<void> {
  const record = recordOf(connection.config, write.target)
  const desired = canonical(record, write.desired)
  const seen = canonical(record, write.seen.value)
  const kept = await read(connection, record, io)
  const present = observed(record, kept)
  if (sameJson(present, desired)) return
  if (!sameJson(present, seen)) throw outdated(record, seen, present)
  const api = await apiOf(connection)
  const changed = setsOf(record, desired).flatMap(({ type, ttl, values }) => {
    const before = kept.find((each) => each.type === type)
    return values.length === 0 && (before === undefined || servedOf(before).length === 0)
      ? []
      : [{ type, ttl: values.length === 0 ? (before?.ttl ?? 0) : ttl, values, before }]
  })
  const rrsets = await Promise.all(
    changed.map(async ({ type, ttl, values, before }): Promise<Rrset> => {
      const disabled = await disabledRecords(connection, api, { record: { ...record, type }, io })
      // What a REPLACE does not name is gone, so the records that somebody has disabled are named too.
      const records = [...values.map((content) => ({ content, disabled: false })), ...disabled]
      return { name: record.name, type, ttl, records, comments: before?.comments ?? [] }
    }),
  )
  await guarded(connection, { what: `writing ${record.name} ${record.type}`, api }, () =>
    putRrsets(api, rrsets, io.signal),
  )
  await flush(connection, api, { name: record.name, io })
  for (const effect of effectsFor(record, desired)) await tryAnswer(connection, effect, io)
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

async function disabledRecords(
  { config, deps }: Connection,
  api: Api,
  { record, io }: { record: RecordTarget<Type>; io: Io },
): Promise<{ content: string; disabled: true }[]> {
  try {
    const contents = await getDisabled(api, record, io.signal)
    return contents.map((content) => ({ content, disabled: true }))
  } catch (error) {
    if (!(error instanceof ApiError))
      throw failureOf(error, { what: `searching ${record.name} ${record.type}`, api, now: deps.now() })
    deps.log.warn(
      `${config.url}: its backend cannot search; disabled records of ${record.name} ${record.type}, if there are any, are lost`,
    )
    return []
  }
}

/** Without it PowerDNS goes on answering from its packet cache for up to cache-ttl (20 s). The write itself stands. */
async function flush(
  { config, deps }: Connection,
  api: Api,
  { name, io }: { name: string; io: Io },
): Promise<void> {
  try {
    await flushCache(api, name, io.signal)
  } catch (error) {
    if (isTold(io.signal)) throw error
    // Only visibility is late, and `confirm` looks at what is served: a failure would say the write did not happen.
    deps.log.warn(
      `${config.url}: the cache for ${name} could not be flushed; the change shows when cache-ttl is over`,
    )
  }
}

/** The API takes LUA that does not run and weights that are all zero; the server then fails every client. */
async function tryAnswer(
  { config }: Connection,
  { name, type }: { name: string; type: 'A' | 'AAAA' | 'CNAME' | 'TXT' },
  io: Io,
): Promise<void> {
  const [server] = config.servers
  if (server === undefined) return
  // No answer at all says nothing about the content: that is for `confirm`.
  const reply = await ask({ server, name, type, recursive: false }, io).catch((error: unknown) => {
    if (isTold(io.signal)) throw error
    return null
  })
  if (reply?.rcode !== 'SERVFAIL') return
  throw failure(
    'Rejected',
    `${name} ${type}: PowerDNS took the record (204), but ${server} now answers SERVFAIL: the content cannot be served`,
  )
}

/** The record sets of the name. Raises Config for a zone that is a copy, Missing for a name that is an alias. */
async function read(connection: Connection, record: RecordTarget<Type>, io: Io): Promise<Rrset[]> {
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

async function readName(connection: Connection, name: string, io: Io): Promise<ZonePart> {
  const api = await apiOf(connection)
  return await guarded(connection, { what: `reading ${name}`, api }, () => getName(api, name, io.signal))
}

async function apiOf({ config, deps }: Connection): Promise<Api> {
  const key = (await deps.secrets.read(config.api_key)).trim()
  if (!/^[\x21-\x7e]+$/.test(key))
    throw failure(
      'Config',
      `${config.api_key} is not an API key: it must be one line of printable characters`,
    )
  return { fetch: deps.fetch, url: config.url, key, serverId: config.server_id, zone: config.zone }
}

async function guarded<T>(
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

function outdated(record: RecordTarget<Type>, seen: RRset, found: RRset): Error {
  return failure(
    'Conflict',
    `${record.name} ${record.type} is no longer as it was seen: expected ${describeRRset(seen)}, found ${describeRRset(found)}`,
    { details: { found, writer: null } },
  )
}

async function confirm(
  connection: Connection,
  request: ConfirmRequest<RRset>,
  io: Io,
): Promise<Confirmation> {
  const { config } = connection
  const record = recordOf(config, request.target)
  const { resolvers, servers } = confirmOptions(request.options)
  const named = servers.length > 0 ? servers : config.servers
  const authoritative =
    named.length > 0
      ? named.map((server) => ({ name: server, addresses: [server] }))
      : await nameServers(connection, io)
  return await confirmEffects(
    effectsFor(record, canonical(record, request.desired)),
    { authoritative, resolvers },
    io,
  )
}

/** The NS records of the zone; the system's resolver finds their addresses. */
async function nameServers(connection: Connection, io: Io): Promise<NameServer[]> {
  const { rrsets } = await readName(connection, connection.config.zone, io)
  return rrsets
    .filter(({ type }) => type === 'NS')
    .flatMap(servedOf)
    .map((name) => ({ name: name.replace(/\.$/, ''), addresses: [] }))
}
