// Proof of a DNS change, the same for every provider: each authoritative server answers with the new record set, each
// resolver has let go of the old one. One look, one line per server; a server that fails is a line, not an exception.
import { z } from 'zod'
import type { JsonObject } from '../../workflows/json.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import type { Confirmation, Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { isTold } from '../http.ts'
import { ServerAddress } from './address.ts'
import { type Reply, ask, rrsetOf } from './ask.ts'
import { type PlainType, describeRRset } from './rrset.ts'

/** What must be visible. `accepts` decides on values alone, because some records (LUA) answer with a choice of theirs. */
export interface Effect {
  name: string
  type: PlainType
  ttl: number
  /** The wanted values, for people. */
  wanted: string
  accepts(values: string[]): boolean
}

export interface Witnesses {
  authoritative: string[]
  resolvers: string[]
}

const ConfirmOptions = z.object({
  resolvers: z.array(ServerAddress).default([]),
  servers: z.array(ServerAddress).default([]),
})

/** The servers a step wants asked. Raises Config. */
export function confirmOptions(options: JsonObject): { resolvers: string[]; servers: string[] } {
  const parsed = ConfirmOptions.safeParse(options)
  if (parsed.success) return parsed.data
  throw failure(
    'Config',
    `cannot verify DNS: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  )
}

/** The effect of a plain record set: exactly these values. */
export function plainEffect(record: { name: string; type: PlainType }, desired: RRset): Effect {
  const wanted = [...desired.values].sort()
  return {
    ...record,
    ttl: desired.ttl,
    wanted: wanted.length === 0 ? 'no record' : wanted.join(' '),
    accepts: (values) => values.join('\n') === wanted.join('\n'),
  }
}

/** Asks all of them at once. Settled when every one shows the effect, and at least one authoritative server did. */
export async function confirmEffect(effect: Effect, witnesses: Witnesses, io: Io): Promise<Confirmation> {
  const looks = await Promise.all([
    ...witnesses.authoritative.map((server) => look({ server, recursive: false }, effect, io)),
    ...witnesses.resolvers.map((server) => look({ server, recursive: true }, effect, io)),
  ])
  if (isTold(io.signal)) throw io.signal.reason
  if (io.signal.aborted)
    throw failure('Unavailable', `verifying ${effect.name} ${effect.type} was ended`, {
      cause: io.signal.reason,
    })
  if (witnesses.authoritative.length === 0) {
    looks.unshift({
      settled: false,
      line: 'no authoritative server is known: name them as `servers` of the connection',
    })
  }
  return { settled: looks.every((one) => one.settled), lines: looks.map((one) => one.line) }
}

interface Look {
  settled: boolean
  line: string
}

async function look(at: { server: string; recursive: boolean }, effect: Effect, io: Io): Promise<Look> {
  const who = `${at.recursive ? 'resolver' : 'authoritative'} ${at.server}`
  try {
    const reply = await ask({ ...at, name: effect.name, type: effect.type }, io)
    const judged = at.recursive ? judgeResolver(reply, effect) : judgeAuthoritative(reply, effect)
    return { settled: judged.settled, line: `${who}: ${judged.line}` }
  } catch (error) {
    return {
      settled: false,
      line: error instanceof Error ? `${who}: ${error.message}` : `${who}: ${String(error)}`,
    }
  }
}

function judgeAuthoritative(reply: Reply, effect: Effect): Look {
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') return { settled: false, line: reply.rcode }
  if (!reply.authoritative)
    return { settled: false, line: 'answers without authority: it does not serve this zone' }
  const found = rrsetOf(reply, effect)
  const settled = effect.accepts(found.values) && found.ttl === effect.ttl
  const shown = describeRRset(found)
  const wanted = effect.ttl === 0 ? effect.wanted : `${effect.ttl} s ${effect.wanted}`
  return { settled, line: settled ? shown : `${shown}, not yet ${wanted}` }
}

function judgeResolver(reply: Reply, effect: Effect): Look {
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') return { settled: false, line: reply.rcode }
  const { ttl, values } = rrsetOf(reply, effect)
  const found = values.length === 0 ? 'no record' : values.join(' ')
  if (!effect.accepts(values)) {
    const left = values.length === 0 ? '' : `; its cached answer has ${ttl} s left`
    return { settled: false, line: `${found}, not yet ${effect.wanted}${left}` }
  }
  if (ttl > effect.ttl) {
    // An older answer with the former TTL, or a resolver with a minimum of its own: both keep users longer than the record says.
    return {
      settled: false,
      line: `${found}, but kept for ${ttl} s more where the record says ${effect.ttl} s`,
    }
  }
  return { settled: true, line: values.length === 0 ? found : `${found}, ${ttl} s left` }
}
