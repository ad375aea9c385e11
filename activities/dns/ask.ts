// One question to one DNS server: UDP first, TCP when the answer does not fit. Says what came back; judges nothing.
import { randomInt } from 'node:crypto'
import { type Answer, type DecodedPacket, RECURSION_DESIRED, decode, encode } from 'dns-packet'
import type { Io } from '../../workflows/ports/target.ts'
import { failure } from '../failure.ts'
import { isTold } from '../http.ts'
import { type Address, parseAddress } from './address.ts'
import { overTcp, overUdp } from './exchange.ts'
import { fqdn } from './names.ts'
import { type PlainType, canonicalValue } from './rrset.ts'
import { formatTxt } from './txt.ts'

const ANSWER_WITHIN_MS = 1_200 // a confirm asks up to three times in a row and has 4 s

export type AskedType = PlainType | 'NS' | 'SOA'

export interface Question {
  /** `host` or `host:port`. */
  server: string
  name: string
  type: AskedType
  /** True for a resolver (RD=1); false for an authoritative server, which must know by itself. */
  recursive: boolean
}

export interface ReplyRecord {
  name: string
  type: string
  ttl: number
  /** Presentation form, canonical; empty for types that nobody here asks for. */
  data: string
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
  const server = parseAddress(question.server)
  if (server === null)
    throw failure(
      'Config',
      `${JSON.stringify(question.server)} is no server address: write host or host:port`,
    )
  const inTime = AbortSignal.timeout(ANSWER_WITHIN_MS)
  try {
    return await exchange(question, server, AbortSignal.any([io.signal, inTime]))
  } catch (error) {
    const what = `${question.server} gave no answer to ${question.name} ${question.type}`
    if (isTold(io.signal)) throw io.signal.reason
    if (io.signal.aborted) throw failure('Unavailable', `${what} before the call was ended`, { cause: error })
    if (inTime.aborted)
      throw failure('Unavailable', `${what} within ${ANSWER_WITHIN_MS} ms`, { cause: error })
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

async function exchange(question: Question, server: Address, signal: AbortSignal): Promise<Reply> {
  const id = randomInt(0x1_0000)
  // No EDNS: answers over 512 bytes take the TCP way, which every server must have; some middleboxes drop large datagrams.
  const message = encode({
    type: 'query',
    id,
    flags: question.recursive ? RECURSION_DESIRED : 0,
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
  })
  const accept = (reply: Buffer): DecodedPacket | undefined => readReply(reply, id, question)
  const packet = await overUdp(server, message, { accept, signal })
  if (!packet.flag_tc) return toReply(packet)
  const whole = accept(await overTcp(server, message, signal))
  if (whole === undefined) throw new Error('what came back over TCP is no answer to it')
  return toReply(whole)
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
  return { name: fqdn(answer.name), type: answer.type, ttl, data: presentation(answer) }
}

function presentation(answer: Answer): string {
  switch (answer.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
      return canonicalValue(answer.type, answer.data) ?? answer.data
    case 'NS':
      return fqdn(answer.data)
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
