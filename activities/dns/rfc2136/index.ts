// DNS over RFC 2136: record sets replaced by signed UPDATEs, with their present values as the condition. Reads by asking.
import type { DnsPort, RRset } from '../../../workflows/ports/dns.ts'

import type { ConfirmRequest, Confirmation, Io, Observed, Write } from '../../../workflows/ports/target.ts'
import { sameJson } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import { type Deps, defineProvider } from '../../provider.ts'
import { type Reply, ask, rrsetOf } from '../ask.ts'
import { confirmEffect, confirmOptions, plainEffect } from '../confirm.ts'
import type { RecordTarget } from '../names.ts'
import { ABSENT, PLAIN_TYPES, type PlainType, describeRRset } from '../rrset.ts'
import { plainRRset, recordTarget } from '../target.ts'
import { update } from './client.ts'
import { failureOf } from './outcome.ts'
import { type Rfc2136Config, spec } from './schema.ts'
import type { TsigKey } from './tsig.ts'
import { authoritativeServers } from './witnesses.ts'

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

export const rfc2136 = defineProvider({
  spec,
  connect: (config, deps): DnsPort => ({
    observe: (target, io) => observe(config, target, io),
    write: (write, io) => replace({ config, deps }, write, io),
    confirm: (request, io) => confirm(config, request, io),
  }),
})

const recordOf = (config: Rfc2136Config, target: string): RecordTarget<PlainType> =>
  recordTarget(target, { zone: config.zone, types: PLAIN_TYPES })

async function observe(config: Rfc2136Config, target: string, io: Io): Promise<Observed<RRset>> {
  const record = recordOf(config, target)
  const reply = await askPrimary(config, record, io)
  const found = rrsetOf(reply, record)
  return { value: found.values.length === 0 ? ABSENT : found }
}

/** The primary's own answer. A server that does not hold the zone must not be read as "no such record". */
async function askPrimary(config: Rfc2136Config, record: RecordTarget<PlainType>, io: Io): Promise<Reply> {
  const { server, zone } = config
  const reply = await ask({ server, ...record, recursive: false }, io)
  const what = `${server} answers ${record.name} ${record.type} with ${reply.rcode}`
  if (reply.rcode === 'REFUSED')
    throw failure(
      'Denied',
      `${what}: it does not serve ${zone}, or does not let this worker ask (BIND: allow-query)`,
    )
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') throw failure('Unavailable', what)
  if (!reply.authoritative)
    throw failure('Config', `${what}, without authority: it does not serve ${zone}; check server and zone`)
  const soa = reply.authority.find(({ type }) => type === 'SOA')
  if (soa !== undefined && soa.name !== zone) {
    throw failure(
      'Config',
      `${server} holds ${record.name} in the zone ${soa.name}, not in ${zone}: check zone`,
    )
  }
  return reply
}

async function replace(
  { config, deps }: { config: Rfc2136Config; deps: Deps },
  write: Write<RRset>,
  io: Io,
): Promise<void> {
  const record = recordOf(config, write.target)
  const desired = plainRRset(record, write.desired)
  const seen = plainRRset(record, write.seen.value)
  const reply = await askPrimary(config, record, io)
  const present = rrsetOf(reply, record)
  if (sameJson(present, desired)) return
  // The TTL is compared here and not by the server: prerequisites see values only.
  if (!sameJson(present, seen)) throw outdated(record, seen, present)
  const alias = reply.answers.find(({ name, type }) => name === record.name && type === 'CNAME')
  if (alias !== undefined && record.type !== 'CNAME') {
    throw failure(
      'Rejected',
      `${record.name} is a CNAME to ${alias.data}, and no ${record.type} can stand next to it: change the target ${record.name} CNAME`,
    )
  }
  await send({ config, deps }, { zone: config.zone, record, seen, desired }, io)
}

async function send(
  { config, deps }: { config: Rfc2136Config; deps: Deps },
  replacement: Parameters<typeof update>[0],
  io: Io,
): Promise<void> {
  const { server, zone } = config
  const record = `${replacement.record.name} ${replacement.record.type}`
  const key = await readKey(config, deps)
  const nowSeconds = Math.floor(deps.now() / 1_000)
  const reply = await update(replacement, { server, key, nowSeconds, signal: io.signal }).catch(
    (error: unknown) => {
      if (isTold(io.signal)) throw error
      const why = io.signal.aborted
        ? 'no answer before the call was ended'
        : error instanceof Error
          ? error.message
          : String(error)
      throw failure('Unavailable', `UPDATE of ${record} at ${server}: ${why}; the outcome is unknown`, {
        cause: error,
      })
    },
  )
  const failed = failureOf(reply, { record, zone, server, key, nowSeconds })
  if (failed !== null) throw failed
}

async function readKey(config: Rfc2136Config, deps: Deps): Promise<TsigKey> {
  const text = (await deps.secrets.read(config.key)).trim()
  if (!BASE64.test(text))
    throw failure(
      'Config',
      `${config.key} is not a TSIG secret: it must be base64, as in the server's key statement`,
    )
  return { name: config.key_name, algorithm: config.algorithm, secret: Buffer.from(text, 'base64') }
}

function outdated(record: RecordTarget, seen: RRset, found: RRset): Error {
  return failure(
    'Conflict',
    `${record.name} ${record.type} is no longer as it was seen: expected ${describeRRset(seen)}, found ${describeRRset(found)}`,
    { details: { found, writer: null } },
  )
}

async function confirm(config: Rfc2136Config, request: ConfirmRequest<RRset>, io: Io): Promise<Confirmation> {
  const record = recordOf(config, request.target)
  const { resolvers, servers } = confirmOptions(request.options)
  const named = servers.length > 0 ? servers : config.servers
  const authoritative = named.length > 0 ? named : await authoritativeServers(config, io)
  return confirmEffect(
    plainEffect(record, plainRRset(record, request.desired)),
    { authoritative, resolvers },
    io,
  )
}
