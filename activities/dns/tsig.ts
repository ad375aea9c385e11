// Transaction signatures (RFC 8945): signs a message, and tells whether a reply was signed with the same key for that message.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { CLASS, HEADER_BYTES, TYPE, encodeName, encodeRecord, readName, readRecord } from './wire.ts'

export const ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export interface TsigKey {
  /** Canonical: lower case, final dot. */
  name: string
  algorithm: Algorithm
  secret: Buffer
}

/** What a reply's TSIG record says; an unsigned reply may carry one with an error and no MAC. */
export interface Reply {
  id: number
  rcode: number
  /** Whether it carries a signature at all. */
  signed: boolean
  /** Signed with our key, over our request. Nothing else may be believed as a success. */
  genuine: boolean
  /** `BADSIG`, `BADKEY`, `BADTIME`, or null. */
  trouble: string | null
  /** The server's clock, which BADTIME brings; null otherwise. */
  serverSeconds: number | null
}

const FUDGE_SECONDS = 300 // RFC 8945 section 10
const TROUBLES: Record<number, string> = { 16: 'BADSIG', 17: 'BADKEY', 18: 'BADTIME', 22: 'BADTRUNC' }
const ARCOUNT_AT = 10

interface Variables {
  seconds: number
  fudge: number
  error: number
  other: Buffer
}

export function sign(message: Buffer, key: TsigKey, nowSeconds: number): { message: Buffer; mac: Buffer } {
  const variables = { seconds: nowSeconds, fudge: FUDGE_SECONDS, error: 0, other: Buffer.alloc(0) }
  const mac = digest(key, [message, covered(key, variables)])
  const data = Buffer.concat([
    encodeName(`${key.algorithm}.`),
    u48(variables.seconds),
    u16(variables.fudge),
    u16(mac.length),
    mac,
    message.subarray(0, 2), // original id
    u16(variables.error),
    u16(variables.other.length),
  ])
  const record = encodeRecord({ name: key.name, type: TYPE.TSIG, class: CLASS.ANY, ttl: 0, data })
  return { message: Buffer.concat([withAdditional(message, 1), record]), mac }
}

/** Throws RangeError on a broken message. */
export function readReply(message: Buffer, key: TsigKey, requestMac: Buffer): Reply {
  const found = lastRecord(message)
  const reply: Reply = {
    id: message.readUInt16BE(0),
    rcode: message.readUInt16BE(2) & 0xf,
    signed: found !== null,
    genuine: false,
    trouble: null,
    serverSeconds: null,
  }
  if (found === null) return reply
  const tsig = readTsig(found.record.data)
  const unsigned = withAdditional(message.subarray(0, found.at), -1)
  tsig.originalId.copy(unsigned, 0)
  const expected = digest(key, [u16(requestMac.length), requestMac, unsigned, covered(key, tsig)])
  const sameKey = found.record.name === key.name && tsig.algorithm === `${key.algorithm}.`
  return {
    ...reply,
    genuine: sameKey && tsig.mac.length === expected.length && timingSafeEqual(tsig.mac, expected),
    trouble: TROUBLES[tsig.error] ?? (tsig.error === 0 ? null : `TSIG error ${tsig.error}`),
    serverSeconds: tsig.other.length === 6 ? tsig.other.readUIntBE(0, 6) : null,
  }
}

/** RFC 8945 4.3.3: the fields of the TSIG record that the signature covers, names in canonical form. */
function covered(key: TsigKey, { seconds, fudge, error, other }: Variables): Buffer {
  const name = encodeName(key.name)
  const algorithm = encodeName(`${key.algorithm}.`)
  const ttl = Buffer.alloc(4)
  return Buffer.concat([
    name,
    u16(CLASS.ANY),
    ttl,
    algorithm,
    u48(seconds),
    u16(fudge),
    u16(error),
    u16(other.length),
    other,
  ])
}

function digest(key: TsigKey, parts: Buffer[]): Buffer {
  const hmac = createHmac(key.algorithm.slice('hmac-'.length), key.secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest()
}

/** The TSIG record, which is the very last one, and where it begins; null when there is none. */
function lastRecord(message: Buffer): { record: { name: string; data: Buffer }; at: number } | null {
  let offset = HEADER_BYTES
  for (let left = message.readUInt16BE(4); left > 0; left -= 1) offset = readName(message, offset).next + 4
  let last: { record: ReturnType<typeof readRecord>['record']; at: number } | null = null
  const records = message.readUInt16BE(6) + message.readUInt16BE(8) + message.readUInt16BE(ARCOUNT_AT)
  for (let left = records; left > 0; left -= 1) {
    const { record, next } = readRecord(message, offset)
    last = { record, at: offset }
    offset = next
  }
  return last !== null && message.readUInt16BE(ARCOUNT_AT) > 0 && last.record.type === TYPE.TSIG ? last : null
}

function readTsig(data: Buffer): Variables & { algorithm: string; mac: Buffer; originalId: Buffer } {
  const { name: algorithm, next } = readName(data, 0)
  const macEnd = next + 10 + data.readUInt16BE(next + 8)
  const otherEnd = macEnd + 6 + data.readUInt16BE(macEnd + 4)
  if (otherEnd > data.length) throw new RangeError('broken TSIG record')
  return {
    algorithm,
    seconds: data.readUIntBE(next, 6),
    fudge: data.readUInt16BE(next + 6),
    mac: data.subarray(next + 10, macEnd),
    originalId: data.subarray(macEnd, macEnd + 2),
    error: data.readUInt16BE(macEnd + 2),
    other: data.subarray(macEnd + 6, otherEnd),
  }
}

function withAdditional(message: Buffer, difference: 1 | -1): Buffer {
  const copy = Buffer.from(message)
  copy.writeUInt16BE(copy.readUInt16BE(ARCOUNT_AT) + difference, ARCOUNT_AT)
  return copy
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u48(value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUIntBE(value, 0, 6)
  return bytes
}
