// The UPDATE message (RFC 2136 section 2): a whole record set replaced under the condition that it still is as seen. Pure.
import type { RRset } from '../../../workflows/ports/dns.ts'
import type { RecordTarget } from '../names.ts'
import type { PlainType } from '../rrset.ts'
import { CLASS, HEADER_BYTES, TYPE, type WireRecord, encodeName, encodeRecord, encodeValue } from '../wire.ts'

const OPCODE_UPDATE = 5 << 11
const NO_DATA = Buffer.alloc(0)

export interface Replacement {
  zone: string
  record: RecordTarget<PlainType>
  seen: RRset
  desired: RRset
}

export function encodeUpdate(id: number, replacement: Replacement): Buffer {
  const prerequisites = conditions(replacement)
  const updates = replacing(replacement)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(OPCODE_UPDATE, 2)
  header.writeUInt16BE(1, 4) // one zone
  header.writeUInt16BE(prerequisites.length, 6)
  header.writeUInt16BE(updates.length, 8)
  const zone = Buffer.alloc(4)
  zone.writeUInt16BE(TYPE.SOA, 0)
  zone.writeUInt16BE(CLASS.IN, 2)
  const records = [...prerequisites, ...updates].map(encodeRecord)
  return Buffer.concat([header, encodeName(replacement.zone), zone, ...records])
}

/** 2.4.2: "RRset exists (value dependent)" holds for exactly these values, no more and no fewer; TTLs are not compared. */
function conditions({ record, seen, desired }: Replacement): WireRecord[] {
  const { name } = record
  const type = TYPE[record.type]
  if (seen.values.length > 0) {
    return seen.values.map((value) => ({
      name,
      type,
      class: CLASS.IN,
      ttl: 0,
      data: encodeValue(record.type, value),
    }))
  }
  const absent = { name, type, class: CLASS.NONE, ttl: 0, data: NO_DATA }
  // A server drops a CNAME next to other records without a word (3.4.2.2), so its name must be unused.
  const unused = { ...absent, type: TYPE.ANY }
  return record.type === 'CNAME' && desired.values.length > 0 ? [unused] : [absent]
}

/** Removal and additions in one message are one change: nobody ever sees the set empty in between (3.7). */
function replacing({ record, desired }: Replacement): WireRecord[] {
  const { name } = record
  const type = TYPE[record.type]
  const remove = { name, type, class: CLASS.ANY, ttl: 0, data: NO_DATA }
  const add = desired.values.map((value) => ({
    name,
    type,
    class: CLASS.IN,
    ttl: desired.ttl,
    data: encodeValue(record.type, value),
  }))
  return [remove, ...add]
}
