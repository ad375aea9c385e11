// The UPDATE message (RFC 2136 section 2): record sets of one name replaced under the condition that they still are as seen. Pure.
import type { Parts, PlainType } from '../rrset.ts'
import { CLASS, HEADER_BYTES, TYPE, type WireRecord, encodeName, encodeRecord, encodeValue } from '../wire.ts'

const OPCODE_UPDATE = 5 << 11
const NO_DATA = Buffer.alloc(0)

/**
 * Types that no CNAME can stand next to. A server drops the CNAME without a word (3.4.2.2) and would leave the name with
 * nothing at all, so an update that sets one demands their absence: MX, NS, PTR, TXT, SRV, NAPTR, DNAME, DS, SSHFP, TLSA, SVCB,
 * HTTPS, SPF, URI, CAA, and less often seen ones.
 */
const NEVER_BESIDE_CNAME = [
  2, 12, 13, 15, 16, 17, 18, 29, 33, 35, 37, 39, 43, 44, 52, 53, 61, 64, 65, 99, 256, 257,
]

/** What a no-op removes: a value that the set does not have, so that only the permission is tried. */
const NEVER_THERE: Record<PlainType, [string, string]> = {
  A: ['0.0.0.0', '255.255.255.255'],
  AAAA: ['::', 'ff02::1'],
  CNAME: ['no-such.invalid.', 'none-such.invalid.'],
  TXT: ['"cutover: no such record"', '"cutover: none such"'],
}

export interface Replacement {
  zone: string
  name: string
  /** Every type that is looked at or written; left out of `seen` or `desired` = not there. */
  types: readonly PlainType[]
  seen: Parts
  desired: Parts
}

export function encodeUpdate(id: number, replacement: Replacement): Buffer {
  return encodeMessage(id, replacement.zone, {
    prerequisites: [...conditions(replacement), ...unused(replacement)],
    updates: replacing(replacement),
  })
}

/** `own`: the type of the target, which will be written even where it is not there yet. */
export type Trial = Omit<Replacement, 'desired'> & { own: PlainType }

/** The same condition and permission, and nothing that changes: removes values that are not there. */
export function encodeTrial(id: number, trial: Trial): Buffer {
  const { name, types, seen, own } = trial
  const tried = types.filter((type) => type === own || seen[type] !== undefined)
  const updates = tried.map((type) => {
    const [usual, other] = NEVER_THERE[type]
    const value = seen[type]?.values.includes(usual) === true ? other : usual
    return { name, type: TYPE[type], class: CLASS.NONE, ttl: 0, data: encodeValue(type, value) }
  })
  return encodeMessage(id, trial.zone, { prerequisites: conditions(trial), updates })
}

function encodeMessage(
  id: number,
  zoneName: string,
  { prerequisites, updates }: { prerequisites: WireRecord[]; updates: WireRecord[] },
): Buffer {
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
  return Buffer.concat([header, encodeName(zoneName), zone, ...records])
}

/** 2.4.2: "RRset exists (value dependent)" holds for exactly these values, no more and no fewer; TTLs are not compared. */
function conditions({ name, types, seen }: Omit<Replacement, 'desired'>): WireRecord[] {
  return types.flatMap((kind): WireRecord[] => {
    const type = TYPE[kind]
    const part = seen[kind]
    if (part === undefined) return [{ name, type, class: CLASS.NONE, ttl: 0, data: NO_DATA }]
    return part.values.map((value) => ({
      name,
      type,
      class: CLASS.IN,
      ttl: 0,
      data: encodeValue(kind, value),
    }))
  })
}

function unused({ name, types, desired }: Replacement): WireRecord[] {
  if (desired.CNAME === undefined) return []
  const rest = NEVER_BESIDE_CNAME.concat(TYPE.A, TYPE.AAAA).filter(
    (type) => !types.some((known) => TYPE[known] === type),
  )
  return rest.map((type) => ({ name, type, class: CLASS.NONE, ttl: 0, data: NO_DATA }))
}

/** Removals and additions in one message are one change: nobody ever sees the name empty in between (3.7). */
function replacing({ name, types, seen, desired }: Replacement): WireRecord[] {
  const removed = types
    .filter((kind) => seen[kind] !== undefined || desired[kind] !== undefined)
    .map((kind) => ({ name, type: TYPE[kind], class: CLASS.ANY, ttl: 0, data: NO_DATA }))
  const added = types.flatMap((kind) => {
    const part = desired[kind]
    return (part?.values ?? []).map((value) => ({
      name,
      type: TYPE[kind],
      class: CLASS.IN,
      ttl: part?.ttl ?? 0,
      data: encodeValue(kind, value),
    }))
  })
  return [...removed, ...added]
}
