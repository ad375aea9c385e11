// Proof of a DNS change, the same for every provider: each authoritative server answers with the new record set, each
// resolver has let go of the old one. One look, one line per address; a server that fails is a line, not an exception.
import { isIP } from 'node:net'
import { z } from 'zod'
import type { JsonObject } from '../../workflows/json.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import type { Confirmation, Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { isTold } from '../http.ts'
import { ServerAddress, formatAddress, parseAddress } from './address.ts'
import { type Reply, type Signing, ask, askSigned, rrsetOf } from './ask.ts'
import { resolveAll } from './exchange.ts'
import { type PlainType, describeRRset, partsOf } from './rrset.ts'

/** What must be visible. `accepts` decides on values alone, because some records (LUA) answer with a choice of theirs. */
export interface Effect {
  name: string
  type: PlainType
  ttl: number
  /** The wanted values, for people. */
  wanted: string
  accepts(values: string[]): boolean
  /** Shown only while it is not settled: it says that nothing of this type is left in the place of an alias. */
  isAside?: true
}

/** A name server and its addresses; none = the system's resolver finds them by its name. */
export interface NameServer {
  name: string
  addresses: string[]
}

export interface Witnesses {
  authoritative: NameServer[]
  resolvers: string[]
  /** Authoritative servers are asked with the key as well, where they take it: they may show it another view. */
  signing?: Signing
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

/** The effects of a record set of a plain type: exactly these values, and of an alias nothing beside it. */
export function effectsOf({ name, type }: { name: string; type: PlainType }, desired: RRset): Effect[] {
  const parts = partsOf(type, desired)
  if (type !== 'CNAME' || (parts.A === undefined && parts.AAAA === undefined && parts.CNAME === undefined)) {
    const first = plainEffect({ name, type }, parts[type])
    return type === 'CNAME' ? [first, aside(name, 'A'), aside(name, 'AAAA')] : [first]
  }
  if (parts.CNAME !== undefined) {
    return [plainEffect({ name, type }, parts.CNAME), aside(name, 'A'), aside(name, 'AAAA')]
  }
  return (['A', 'AAAA'] as const).map((kind) => {
    const part = parts[kind]
    return part === undefined ? aside(name, kind) : plainEffect({ name, type: kind }, part)
  })
}

function plainEffect(
  record: { name: string; type: PlainType },
  part: { ttl: number; values: string[] } | undefined,
): Effect {
  const wanted = [...(part?.values ?? [])].sort()
  return {
    ...record,
    ttl: part?.ttl ?? 0,
    wanted: wanted.length === 0 ? 'no record' : wanted.join(' '),
    accepts: (values) => values.join('\n') === wanted.join('\n'),
  }
}

const aside = (name: string, type: PlainType): Effect => ({
  ...plainEffect({ name, type }, undefined),
  isAside: true,
})

/** Asks all of them at once. Settled when every one shows every effect, and at least one authoritative server did. */
export async function confirmEffects(
  effects: readonly Effect[],
  { authoritative, resolvers, signing }: Witnesses,
  io: Io,
): Promise<Confirmation> {
  const { signal } = io
  const groups = [
    ...authoritative.map((server) => ({ server, recursive: false })),
    ...resolvers.map((server) => ({ server: { name: server, addresses: [server] }, recursive: true })),
  ]
  const looks = await Promise.all(
    groups.map(async ({ server, recursive }) => {
      const addresses = await addressesOf(server, signal)
      return await Promise.all(
        effects.map(async (effect) => {
          const each = addresses.map((address) =>
            look({ server: address, recursive, ...(signing && !recursive ? { signing } : {}) }, effect, io),
          )
          return { effect, told: together(await Promise.all(each)) }
        }),
      )
    }),
  )
  if (isTold(signal)) throw signal.reason
  const [first] = effects
  if (signal.aborted)
    throw failure('Unavailable', `verifying ${first?.name} ${first?.type} was ended`, {
      cause: signal.reason,
    })
  const all = looks.flat()
  const lines = all.flatMap(({ effect, told }) => (effect.isAside === true && told.settled ? [] : told.lines))
  if (authoritative.length > 0) return { settled: all.every(({ told }) => told.settled), lines }
  return {
    settled: false,
    lines: ['no authoritative server is known: name them as `servers` of the connection', ...lines],
  }
}

/** A name is asked under all of its addresses; one that nobody can resolve stays a name, and its failure becomes a line. */
async function addressesOf({ name, addresses }: NameServer, signal: AbortSignal): Promise<string[]> {
  const given = addresses.length === 0 ? [name] : addresses
  const found = await Promise.all(
    given.map(async (text) => {
      const server = parseAddress(text)
      if (server === null || isIP(server.host) !== 0) return [text]
      const hosts = await resolveAll(server.host, signal).catch(() => [])
      return hosts.length === 0 ? [text] : hosts.map((host) => formatAddress({ ...server, host }))
    }),
  )
  return [...new Set(found.flat())]
}

interface Look {
  /** False: it did not answer, which says nothing about what it would have said. */
  answered: boolean
  settled: boolean
  line: string
}

/** A server that answers under one of its addresses has answered; silence under another is told, but is no veto. */
function together(looks: readonly Look[]): { settled: boolean; lines: string[] } {
  const heard = looks.filter(({ answered }) => answered)
  return {
    settled: heard.length > 0 && heard.every(({ settled }) => settled),
    lines: looks.map(({ answered, line }) =>
      !answered && heard.length > 0 ? `${line} (it answers under another of its addresses)` : line,
    ),
  }
}

async function look(
  at: { server: string; recursive: boolean; signing?: Signing },
  effect: Effect,
  io: Io,
): Promise<Look> {
  const who = `${at.recursive ? 'resolver' : 'authoritative'} ${at.server}`
  const { name, type } = effect
  const question = { server: at.server, recursive: at.recursive, name, type }
  const [signed, plain] = await Promise.allSettled([
    at.signing === undefined ? null : askSigned(question, at.signing, io),
    ask(question, io),
  ])
  if (
    signed.status === 'fulfilled' &&
    signed.value?.signature.genuine === true &&
    !isKeyRefused(signed.value)
  ) {
    const judged = judgeAuthoritative(signed.value.reply, effect)
    const view = plain.status === 'fulfilled' ? anotherView(plain.value, signed.value.reply, effect) : ''
    return { answered: true, settled: judged.settled, line: `${who}: ${judged.line}${view}` }
  }
  if (plain.status === 'rejected') {
    const error: unknown = plain.reason
    const words = error instanceof Error ? error.message : String(error)
    return { answered: false, settled: false, line: `${who}: ${words}` }
  }
  const judged = at.recursive ? judgeResolver(plain.value, effect) : judgeAuthoritative(plain.value, effect)
  const refused =
    signed.status === 'fulfilled' && signed.value !== null && isKeyRefused(signed.value) && !judged.settled
  const unasked = refused ? '; it does not take the key, and what it answers others may be another view' : ''
  return { answered: true, settled: judged.settled, line: `${who}: ${judged.line}${unasked}` }
}

const isKeyRefused = ({ reply, signature }: Awaited<ReturnType<typeof askSigned>>): boolean =>
  signature.trouble !== null || reply.rcode === 'NOTAUTH'

function anotherView(plain: Reply, signed: Reply, effect: Effect): string {
  if (plain.rcode !== 'NOERROR' && plain.rcode !== 'NXDOMAIN') return ''
  const shown = rrsetOf(plain, effect)
  const known = rrsetOf(signed, effect)
  // Not the TTL: a server may answer in its own order, but two views differ in what they lead to.
  return shown.values.join('\n') === known.values.join('\n')
    ? ''
    : `; without the key it answers ${describeRRset(shown)}: another view, which this run does not change`
}

function judgeAuthoritative(reply: Reply, effect: Effect): { settled: boolean; line: string } {
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') return { settled: false, line: reply.rcode }
  if (!reply.authoritative)
    return { settled: false, line: 'answers without authority: it does not serve this zone' }
  const found = rrsetOf(reply, effect)
  const settled = effect.accepts(found.values) && found.ttl === effect.ttl
  const shown = shownAs(effect, describeRRset(found))
  const wanted = effect.ttl === 0 ? effect.wanted : `${effect.ttl} s ${effect.wanted}`
  return { settled, line: settled ? shown : `${shown}, not yet ${wanted}` }
}

function judgeResolver(reply: Reply, effect: Effect): { settled: boolean; line: string } {
  // A resolver that cannot follow a new alias to its end has at least let go of the addresses before it.
  if (effect.isAside === true && reply.rcode === 'SERVFAIL') return { settled: true, line: reply.rcode }
  if (reply.rcode !== 'NOERROR' && reply.rcode !== 'NXDOMAIN') return { settled: false, line: reply.rcode }
  const { ttl, values } = rrsetOf(reply, effect)
  const found = shownAs(effect, values.length === 0 ? 'no record' : values.join(' '))
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

const shownAs = ({ isAside, type }: Effect, text: string): string =>
  isAside === true ? `${type} ${text}` : text
