// DNS through PowerDNS' API: one record set replaced at a time. A 204 proves nothing, so a write ends by asking the server.
import { sameJson } from '../../../workflows/json.ts'
import type { DnsPort, RRset } from '../../../workflows/ports/dns.ts'
import type { ConfirmRequest, Confirmation, Io, Write } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { defineProvider } from '../../provider.ts'
import { ask } from '../ask.ts'
import { type NameServer, confirmEffects, confirmOptions } from '../confirm.ts'
import type { RecordTarget } from '../names.ts'
import { outdated } from '../outdated.ts'
import { type Api, ApiError, type Rrset, flushCache, getDisabled, putRrsets } from './client.ts'
import { type Connection, apiOf, guarded, observe, read, readName, recordOf } from './look.ts'
import { failureOf } from './outcome.ts'
import { type Type, canonical, effectsFor, observed, servedOf, setsOf } from './record.ts'
import { spec } from './schema.ts'

export const powerdns = defineProvider({
  spec,
  connect: (config, deps): DnsPort => ({
    observe: (target, io) => observe({ config, deps }, target, io),
    write: (write, io) => replace({ config, deps }, write, io),
    confirm: (request, io) => confirm({ config, deps }, request, io),
  }),
})

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
