// Looks at a record set as the key sees it: signed questions to the primary, and an update that changes nothing, which tells
// a record from a wildcard's answer, a primary from a secondary, and a key that may change it from one that may not.
import type { DnsFacts, RRset } from '../../../workflows/ports/dns.ts'
import type { Io, Observed } from '../../../workflows/ports/target.ts'
import { sameJson } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { isTold } from '../../http.ts'
import type { Deps } from '../../provider.ts'
import { type QueryType, type Reply, type Signing, ask, askSigned, partsIn } from '../ask.ts'
import type { RecordTarget } from '../names.ts'
import { nearCaution, nearNames } from '../near.ts'
import { ABSENT, type Parts, type PlainType, describeRRset, joined } from '../rrset.ts'
import { aliasFailure } from '../target.ts'
import { tryUpdate } from './client.ts'
import { failureOf, isOutdated, isRefused, keyFailureOf } from './outcome.ts'
import type { Rfc2136Config } from './schema.ts'

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const TRIED_MAX = 1_000 // far more values than runs of one worker have; then they are tried anew

export interface Connection {
  config: Rfc2136Config
  deps: Deps
  /** Values of record sets that were tried: a look every few seconds need not try them again. */
  tried: Set<string>
}

/** The record sets of a name behind one target. */
export interface Present {
  parts: Parts
  rrset: RRset
  replies: Reply[]
}

export const typesOf = (type: PlainType): readonly PlainType[] =>
  type === 'CNAME' ? ['CNAME', 'A', 'AAAA'] : [type]

export async function observe(
  connection: Connection,
  record: RecordTarget<PlainType>,
  io: Io,
): Promise<Observed<RRset>> {
  const signing = await signingOf(connection)
  const [present, plain] = await Promise.all([
    lookAt(connection, record, { signing, io }),
    withoutKey(connection, record, io),
  ])
  const own = await ownOf(connection, record, { present, signing, io })
  const cautions = [
    ...(own === present.rrset
      ? []
      : [
          `${record.name} ${record.type} is answered by a wildcard (${describeRRset(present.rrset)}): it is not there itself`,
        ]),
    ...(plain === null || sameJson(plain, present.rrset)
      ? []
      : [
          `${connection.config.server} answers ${record.name} ${record.type} with ${describeRRset(plain)} where the key is not shown: another view of ${connection.config.zone}, which this run neither changes nor proves`,
        ]),
    ...unknownEnd(connection, present, record),
    ...(await nearTo(connection, record, { present, io })),
  ]
  const facts = factsOf(present.replies)
  return { value: own, ...(cautions.length === 0 ? {} : { cautions }), ...(facts === null ? {} : { facts }) }
}

/** What the primary answers to the key. A server that does not hold the zone must not be read as "no such record". */
export async function lookAt(
  connection: Connection,
  record: RecordTarget<PlainType>,
  { signing, io }: { signing: Signing; io: Io },
): Promise<Present> {
  const asked = record.type === 'CNAME' ? (['A', 'AAAA'] as const) : [record.type]
  const replies = await Promise.all(
    asked.map((type) => askPrimary(connection, { name: record.name, type }, { signing, io })),
  )
  const parts = partsIn(replies, record.name)
  if (record.type !== 'CNAME' && parts.CNAME !== undefined) {
    throw aliasFailure(record, parts.CNAME.values)
  }
  return { parts, rrset: joined(record.type, parts), replies }
}

/** A question to the primary, signed. Raises Denied, Config, Unavailable. */
export async function askPrimary(
  { config }: Connection,
  question: { name: string; type: QueryType },
  { signing, io }: { signing: Signing; io: Io },
): Promise<Reply> {
  const { server, zone } = config
  const { reply, signature } = await askSigned({ server, ...question, recursive: false }, signing, io)
  const asking = `question for ${question.name} ${question.type} to ${server}`
  const refused = keyFailureOf(signature, { what: asking, zone, server, ...signing })
  if (refused !== null) throw refused
  const what = `${server} answers ${question.name} ${question.type} with ${reply.rcode}`
  if (reply.rcode === 'REFUSED')
    throw failure(
      'Denied',
      `${what}: it does not serve ${zone}, or does not let this worker ask (BIND: allow-query)`,
    )
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') throw failure('Unavailable', what)
  if (signature.signed && !signature.genuine)
    throw failure(
      'Unavailable',
      `${what}, not signed with the key ${JSON.stringify(signing.key.name)}: it is not believed`,
    )
  if (!reply.authoritative)
    throw failure('Config', `${what}, without authority: it does not serve ${zone}; check server and zone`)
  const soa = reply.authority.find(({ type }) => type === 'SOA')
  // Behind an alias it may be the zone of the record that it leads to.
  if (soa !== undefined && soa.name !== zone && reply.answers.length === 0) {
    throw failure(
      'Config',
      `${server} holds ${question.name} in the zone ${soa.name}, not in ${zone}: check zone`,
    )
  }
  return reply
}

export async function signingOf({ config, deps }: Connection): Promise<Signing> {
  const text = (await deps.secrets.read(config.key)).trim()
  if (!BASE64.test(text))
    throw failure(
      'Config',
      `${config.key} is not a TSIG secret: it must be base64, as in the server's key statement`,
    )
  const key = { name: config.key_name, algorithm: config.algorithm, secret: Buffer.from(text, 'base64') }
  return { key, nowSeconds: Math.floor(deps.now() / 1_000) }
}

/** What clients without the key are answered; null when they are not answered at all. */
async function withoutKey(
  { config }: Connection,
  record: RecordTarget<PlainType>,
  io: Io,
): Promise<RRset | null> {
  const asked = record.type === 'CNAME' ? (['A', 'AAAA'] as const) : [record.type]
  try {
    const { server } = config
    const replies = await Promise.all(
      asked.map((type) => ask({ server, name: record.name, type, recursive: false }, io)),
    )
    const isAnswered = replies.every(({ rcode }) => rcode === 'NOERROR' || rcode === 'NXDOMAIN')
    return isAnswered ? joined(record.type, partsIn(replies, record.name)) : null
  } catch (error) {
    if (isTold(io.signal)) throw error
    return null // the signed answer is the one that counts
  }
}

/** The value without what only a wildcard answers. Raises what the trial of a change comes to. */
async function ownOf(
  connection: Connection,
  record: RecordTarget<PlainType>,
  { present, signing, io }: { present: Present; signing: Signing; io: Io },
): Promise<RRset> {
  const { config, tried } = connection
  const { server, zone } = config
  const { name, type } = record
  const entry = JSON.stringify([name, type, present.rrset])
  if (tried.has(entry)) return present.rrset
  const what = `trial of an UPDATE of ${name} ${type} at ${server}, which changes nothing`
  const trial = { zone, name, types: typesOf(type), own: type, seen: present.parts }
  const reply = await answered(tryUpdate(trial, { server, ...signing, signal: io.signal }), { what, io })
  if (isOutdated(reply)) {
    const again = await lookAt(connection, record, { signing, io })
    if (sameJson(again.rrset, present.rrset) && again.rrset.values.length > 0) return ABSENT
    throw failure('Unavailable', `${name} ${type} changed at ${server} while it was looked at; looking again`)
  }
  const primary = isRefused(reply) ? await primaryOf(connection, { signing, io }) : null
  const failed = failureOf(reply, { what, zone, server, primary, ...signing })
  if (failed !== null) throw failed
  if (tried.size >= TRIED_MAX) tried.clear()
  tried.add(entry)
  return present.rrset
}

/** An answer to an UPDATE, or Unavailable: then nothing is known of it. */
export async function answered<T>(
  call: Promise<T>,
  { what, io, end = '' }: { what: string; io: Io; end?: string },
): Promise<T> {
  return await call.catch((error: unknown) => {
    if (isTold(io.signal)) throw error
    const why = io.signal.aborted
      ? 'no answer before the call was ended'
      : error instanceof Error
        ? error.message
        : String(error)
    throw failure('Unavailable', `${what}: ${why}${end}`, { cause: error })
  })
}

/** The primary that the zone names in its SOA; null where it cannot be had. A hidden primary is another one, so it is a hint. */
export async function primaryOf(
  { config }: Connection,
  { signing, io }: { signing: Signing; io: Io },
): Promise<string | null> {
  const question = { server: config.server, name: config.zone, type: 'SOA', recursive: false } as const
  const asked = await askSigned(question, signing, io).catch((error: unknown) => {
    if (isTold(io.signal)) throw error
    return null
  })
  return asked?.reply.answers.find(({ type }) => type === 'SOA')?.data ?? null
}

/** Types of the records that stand at a name besides those of the target; empty where the server does not say. */
export async function besides(
  connection: Connection,
  record: RecordTarget<PlainType>,
  by: { signing: Signing; io: Io },
): Promise<string> {
  const reply = await askPrimary(connection, { name: record.name, type: 'ANY' }, by).catch(
    (error: unknown) => {
      if (isTold(by.io.signal)) throw error
      return null
    },
  )
  const own: readonly string[] = [...typesOf(record.type), 'RRSIG', 'NSEC'] // signatures may stand next to a CNAME
  const found = (reply?.answers ?? []).flatMap(({ name, type }) =>
    name === record.name && !own.includes(type) ? [type] : [],
  )
  return [...new Set(found)].sort().join(', ')
}

function factsOf(replies: readonly Reply[]): DnsFacts | null {
  const ttls = replies.flatMap(({ answers }) => answers.map(({ ttl }) => ttl))
  const negative = replies.flatMap(({ authority }) =>
    authority.flatMap(({ negativeTtl }) => negativeTtl ?? []),
  )
  const facts: DnsFacts = {
    ...(ttls.length === 0 ? {} : { chainTtl: Math.max(...ttls) }),
    ...(negative.length === 0 ? {} : { negativeTtl: Math.max(...negative) }),
  }
  return Object.keys(facts).length === 0 ? null : facts
}

async function nearTo(
  { config }: Connection,
  { name, type }: RecordTarget<PlainType>,
  { present, io }: { present: Present; io: Io },
): Promise<string[]> {
  if (present.replies.some(({ rcode }) => rcode !== 'NXDOMAIN')) return []
  return nearCaution(`${name} ${type}`, await nearNames(config.server, name, io))
}

/** A chain that leaves the zones of this server: how long caches keep its end is not known here. */
function unknownEnd(
  { config }: Connection,
  { parts, replies }: Present,
  { name }: RecordTarget<PlainType>,
): string[] {
  if (parts.CNAME === undefined) return []
  const aliases = new Map(
    replies.flatMap(({ answers }) =>
      answers.filter(({ type }) => type === 'CNAME').map((each) => [each.name, each.data] as const),
    ),
  )
  let end = name
  for (let steps = 0; aliases.has(end) && steps <= aliases.size; steps++) end = aliases.get(end) as string
  const isKnown = replies.some(({ answers }) =>
    answers.some((each) => each.name === end && each.type !== 'CNAME'),
  )
  if (isKnown) return []
  return [
    `${name} leads to ${end}, of which ${config.server} knows no address: how long caches keep that is not known, and not waited for`,
  ]
}
