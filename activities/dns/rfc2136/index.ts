// DNS over RFC 2136: record sets replaced by signed UPDATEs, with their present values as the condition. Reads by asking.
import type { DnsPort, RRset } from '../../../workflows/ports/dns.ts'
import type { ConfirmRequest, Confirmation, Io, Write } from '../../../workflows/ports/target.ts'
import { sameJson } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import type { Signing } from '../ask.ts'
import { confirmEffects, confirmOptions, effectsOf } from '../confirm.ts'
import type { RecordTarget } from '../names.ts'
import { outdated } from '../outdated.ts'
import { PLAIN_TYPES, type PlainType, describeRRset, partsOf } from '../rrset.ts'
import { plainRRset, recordTarget } from '../target.ts'
import { update } from './client.ts'
import { type Connection, answered, besides, lookAt, observe, primaryOf, signingOf, typesOf } from './look.ts'
import type { Replacement } from './message.ts'
import { failureOf, isOutdated, isRefused } from './outcome.ts'
import { type Rfc2136Config, spec } from './schema.ts'
import { authoritativeServers } from './witnesses.ts'

export const rfc2136 = defineProvider({
  spec,
  connect(config, deps): DnsPort {
    const connection = { config, deps, tried: new Set<string>() }
    return {
      observe: async (target, io) => await observe(connection, recordOf(config, target), io),
      write: (write, io) => replace(connection, write, io),
      confirm: (request, io) => confirm(connection, request, io),
    }
  },
})

const recordOf = (config: Rfc2136Config, target: string): RecordTarget<PlainType> =>
  recordTarget(target, { zone: config.zone, types: PLAIN_TYPES })

async function replace(connection: Connection, write: Write<RRset>, io: Io): Promise<void> {
  const record = recordOf(connection.config, write.target)
  const desired = plainRRset(record, write.desired)
  const seen = plainRRset(record, write.seen.value)
  const signing = await signingOf(connection)
  const present = (await lookAt(connection, record, { signing, io })).rrset
  if (sameJson(present, desired)) return
  // The TTL is compared here and not by the server: prerequisites see values only. Where nothing was seen, a wildcard may
  // answer; the server knows the difference.
  const isComparable = seen.values.length > 0
  if (isComparable && !sameJson(present, seen)) throw outdated(record, seen, present)
  const replacement = {
    zone: connection.config.zone,
    name: record.name,
    types: typesOf(record.type),
    seen: partsOf(record.type, seen),
    desired: partsOf(record.type, desired),
  }
  await send(connection, { record, replacement, seen }, { signing, io })
}

async function send(
  connection: Connection,
  { record, replacement, seen }: { record: RecordTarget<PlainType>; replacement: Replacement; seen: RRset },
  { signing, io }: { signing: Signing; io: Io },
): Promise<void> {
  const { server, zone } = connection.config
  const what = `UPDATE of ${record.name} ${record.type} at ${server}`
  const reply = await answered(update(replacement, { server, ...signing, signal: io.signal }), {
    what,
    io,
    end: '; the outcome is unknown',
  })
  if (isOutdated(reply)) throw await lost(connection, { record, seen, what }, { signing, io })
  const primary = isRefused(reply) ? await primaryOf(connection, { signing, io }) : null
  const failed = failureOf(reply, { what, zone, server, primary, ...signing })
  if (failed !== null) throw failed
}

/** Somebody was faster: what stands there now is looked at before anybody hears of it. */
async function lost(
  connection: Connection,
  { record, seen, what }: { record: RecordTarget<PlainType>; seen: RRset; what: string },
  { signing, io }: { signing: Signing; io: Io },
): Promise<Error> {
  const { value: found } = await observe(connection, record, io)
  if (!sameJson(found, seen)) return outdated(record, seen, found)
  const beside = record.type === 'CNAME' ? await besides(connection, record, { signing, io }) : ''
  if (beside !== '') {
    return failure(
      'Rejected',
      `${what}: at ${record.name} stand records of other types (${beside}), and a CNAME cannot stand next to them: remove them first`,
    )
  }
  return failure(
    'Unavailable',
    `${what}: it was not as seen for a moment, and is again ${describeRRset(found)}; nothing was changed`,
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
  const signing = await signingOf(connection)
  const authoritative =
    named.length > 0
      ? named.map((server) => ({ name: server, addresses: [server] }))
      : await authoritativeServers(config, { signing, io })
  return await confirmEffects(
    effectsOf(record, plainRRset(record, request.desired)),
    { authoritative, resolvers, signing },
    io,
  )
}
