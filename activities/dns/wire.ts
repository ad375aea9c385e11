// Wire format (RFC 1035 section 4) as far as UPDATE and TSIG need it: names, records, a walk over a reply. Pure.
// dns-packet reads and writes questions; it has neither empty records of class ANY and NONE nor the offsets that TSIG signs.
import type { PlainType } from './rrset.ts'
import { parseTxt } from './txt.ts'

export const TYPE = { A: 1, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, TSIG: 250, ANY: 255 } as const
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const
export const HEADER_BYTES = 12

const LABEL_BYTES_MAX = 63 // the two high bits mark a pointer
const POINTER = 0xc0
const JUMPS_MAX = 128 // more than any honest message has; ends loops

export interface WireRecord {
  name: string
  type: number
  class: number
  ttl: number
  data: Buffer
}

export function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ])
}

export function encodeRecord(record: WireRecord): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(record.type, 0)
  fixed.writeUInt16BE(record.class, 2)
  fixed.writeUInt32BE(record.ttl, 4)
  fixed.writeUInt16BE(record.data.length, 8)
  return Buffer.concat([encodeName(record.name), fixed, record.data])
}

/** RDATA of a canonical value. */
export function encodeValue(type: PlainType, value: string): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(value.split('.').map(Number))
    case 'AAAA':
      return encodeIPv6(value)
    case 'CNAME':
      return encodeName(value)
    case 'TXT':
      return Buffer.concat((parseTxt(value) ?? []).flatMap((text) => [Buffer.of(text.length), text]))
  }
}

function encodeIPv6(value: string): Buffer {
  const [head = '', tail] = value.split('::') as [string, string?]
  const first = groups(head)
  const last = tail === undefined ? [] : groups(tail)
  const bytes = Buffer.alloc(16)
  first.forEach((number, index) => bytes.writeUInt16BE(number, index * 2))
  last.forEach((number, index) => bytes.writeUInt16BE(number, 16 - (last.length - index) * 2))
  return bytes
}

function groups(part: string): number[] {
  return part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
}

/** A name at `offset`, lower case with final dot, and where the bytes after it begin. Throws RangeError on a broken message. */
export function readName(message: Buffer, offset: number): { name: string; next: number } {
  const labels: string[] = []
  let next: number | null = null
  let at = offset
  for (let jumps = 0; jumps < JUMPS_MAX;) {
    const length = message.readUInt8(at)
    if (length === 0) return { name: `${labels.join('.')}.`.toLowerCase(), next: next ?? at + 1 }
    if (length >= POINTER) {
      next ??= at + 2
      at = message.readUInt16BE(at) & 0x3fff
      jumps += 1
      continue
    }
    if (length > LABEL_BYTES_MAX || at + 1 + length > message.length) break
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  throw new RangeError('broken name')
}

/** A record at `offset`. Throws RangeError on a broken message. */
export function readRecord(message: Buffer, offset: number): { record: WireRecord; next: number } {
  const { name, next: fixed } = readName(message, offset)
  const data = fixed + 10
  const next = data + message.readUInt16BE(fixed + 8)
  if (next > message.length) throw new RangeError('broken record')
  return {
    record: {
      name,
      type: message.readUInt16BE(fixed),
      class: message.readUInt16BE(fixed + 2),
      ttl: message.readUInt32BE(fixed + 4),
      data: message.subarray(data, next),
    },
    next,
  }
}
