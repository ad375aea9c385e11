// One question to one DNS server: UDP first, TCP when the answer does not fit. Says what came back; judges nothing.
import { randomInt } from 'node:crypto'
import {
  type Answer,
  type DecodedPacket,
  RECURSION_DESIRED,
  type RecordType,
  decode,
  encode,
} from 'dns-packet'
import type { Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { isTold } from '../http.ts'
import { type Address, parseAddress } from './address.ts'
import { overTcp, overUdp } from './exchange.ts'
import { fqdn } from './names.ts'
import { type Parts, type PlainType, canonicalValue } from './rrset.ts'
import { type Reply as Signature, type TsigKey, readReply as readSignature, sign } from './tsig.ts'
import { formatTxt } from './txt.ts'

const ID_VALUES = 0x1_0000
const NO_ANSWER_TO_IT = 'what came back over TCP is no answer to it'
const ANSWER_WITHIN_MS = 1_200 // a confirm asks up to three times in a row and has 4 s

export type QueryType = PlainType | 'NS' | 'SOA' | 'ANY'

export interface Question {
  /** `host` or `host:port`. */
  server: string
  name: string
  type: QueryType
  /** True for a resolver (RD=1); false for an authoritative server, which must know by itself. */
  recursive: boolean
}

export interface ReplyRecord {
  name: string
  type: string
  ttl: number
  /** Presentation form, canonical; of a SOA the primary; empty for types that nobody here asks for. */
  data: string
  /** Of a SOA: how long resolvers believe that there is no such record, in seconds (RFC 2308). */
  negativeTtl?: number
}

export interface Reply {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, ... */
  rcode: string
  authoritative: boolean
  /** The whole answer section: a CNAME on the way stands in it too. */
  answers: ReplyRecord[]
  authority: ReplyRecord[]
}

/** Raises Unavailable (no answer in time, connection refused, unreadable), Config (no such address), or the signal's reason. */
export async function ask(question: Question, io: Io): Promise<Reply> {
  return await inTime(question, io, (server, signal) => exchange(question, server, signal))
}

/** The key that a question is signed with, and the moment that the signature names. */
export interface Signing {
  key: TsigKey
  nowSeconds: number
}

/**
 * The same, signed, so that it meets what the key meets (a view, say). Over TCP: an answer without a signature, as from a
 * server that signs none, is then no datagram of anybody's. What it says of the key is the caller's to judge. Raises as `ask`.
 */
export async function askSigned(
  question: Question,
  { key, nowSeconds }: Signing,
  io: Io,
): Promise<{ reply: Reply; signature: Signature }> {
  return await inTime(question, io, async (server, signal) => {
    const id = randomInt(ID_VALUES)
    const { message, mac } = sign(encodeQuestion(id, question), key, nowSeconds)
    const answer = await overTcp(server, message, signal)
    const signature = readSignature(answer, key, mac)
    const packet = readReply(answer, signature.id, question)
    if (signature.id !== id || packet === undefined) throw new Error(NO_ANSWER_TO_IT)
    return { reply: toReply(packet), signature }
  })
}

async function inTime<T>(
  question: Question,
  io: Io,
  work: (server: Address, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const server = parseAddress(question.server)
  if (server === null)
    throw failure(
      'Config',
      `${JSON.stringify(question.server)} is no server address: write host or host:port`,
    )
  const limit = AbortSignal.timeout(ANSWER_WITHIN_MS)
  try {
    return await work(server, AbortSignal.any([io.signal, limit]))
  } catch (error) {
    const what = `${question.server} gave no answer to ${question.name} ${question.type}`
    if (isTold(io.signal)) throw io.signal.reason
    if (io.signal.aborted) throw failure('Unavailable', `${what} before the call was ended`, { cause: error })
    if (limit.aborted) throw failure('Unavailable', `${what} within ${ANSWER_WITHIN_MS} ms`, { cause: error })
    throw failure('Unavailable', `${what}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** The record set of exactly that name and type within an answer; the TTL is the longest of its records. */
export function rrsetOf(
  reply: Reply,
  { name, type }: { name: string; type: string },
): { ttl: number; values: string[] } {
  const records = reply.answers.filter((record) => record.name === name && record.type === type)
  return {
    ttl: Math.max(0, ...records.map((record) => record.ttl)),
    values: [...new Set(records.map((record) => record.data))].sort(),
  }
}

/** The record sets of one name within the answers to several questions. */
export function partsIn(replies: readonly Reply[], name: string): Parts {
  const parts: Parts = {}
  for (const type of ['CNAME', 'A', 'AAAA', 'TXT'] as const) {
    const found = replies
      .map((reply) => rrsetOf(reply, { name, type }))
      .find(({ values }) => values.length > 0)
    if (found !== undefined) parts[type] = found
  }
  return parts
}

async function exchange(question: Question, server: Address, signal: AbortSignal): Promise<Reply> {
  const id = randomInt(ID_VALUES)
  const message = encodeQuestion(id, question)
  const accept = (reply: Buffer): DecodedPacket | undefined => readReply(reply, id, question)
  const packet = await overUdp(server, message, { accept, signal })
  if (!packet.flag_tc) return toReply(packet)
  const whole = accept(await overTcp(server, message, signal))
  if (whole === undefined) throw new Error(NO_ANSWER_TO_IT)
  return toReply(whole)
}

/** No EDNS: answers over 512 bytes take the TCP way, which every server must have; some middleboxes drop large datagrams. */
function encodeQuestion(id: number, { name, type, recursive }: Question): Buffer {
  return encode({
    type: 'query',
    id,
    flags: recursive ? RECURSION_DESIRED : 0,
    questions: [{ name, type: type as RecordType, class: 'IN' }], // ANY is a type of questions only
  })
}

function readReply(reply: Buffer, id: number, question: Question): DecodedPacket | undefined {
  try {
    const packet = decode(reply)
    if (packet.type !== 'response' || packet.id !== id) return undefined
    const asked = packet.questions?.[0]
    if (asked === undefined) return rcodeOf(packet) === 'NOERROR' ? undefined : packet // errors may come without the question
    return fqdn(asked.name) === question.name && asked.type === question.type ? packet : undefined
  } catch {
    return undefined // not a DNS message: not an answer
  }
}

function toReply(packet: DecodedPacket): Reply {
  return {
    rcode: rcodeOf(packet),
    authoritative: packet.flag_aa,
    answers: (packet.answers ?? []).map(toRecord),
    authority: (packet.authorities ?? []).map(toRecord),
  }
}

// dns-packet sets it, its types do not say so (5.6.1, @types 5.6.5)
const rcodeOf = (packet: DecodedPacket): string => (packet as DecodedPacket & { rcode: string }).rcode

function toRecord(answer: Answer): ReplyRecord {
  const ttl = 'ttl' in answer ? (answer.ttl ?? 0) : 0
  const record = { name: fqdn(answer.name), type: answer.type, ttl, data: presentation(answer) }
  return answer.type === 'SOA'
    ? { ...record, negativeTtl: Math.min(ttl, answer.data.minimum ?? ttl) }
    : record
}

function presentation(answer: Answer): string {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
      return canonicalValue(answer.type, answer.data) ?? answer.data
    case 'NS':
      return fqdn(answer.data)
    case 'SOA':
      return fqdn(answer.data.mname)
    case 'TXT':
      return formatTxt(toBuffers(answer.data))
    default:
      return ''
  }
}

function toBuffers(data: string | Buffer | (string | Buffer)[]): Buffer[] {
  return (Array.isArray(data) ? data : [data]).map((part) =>
    typeof part === 'string' ? Buffer.from(part) : part,
  )
}
