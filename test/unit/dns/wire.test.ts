// What goes onto the wire is what another implementation reads from it, for any names, values and conditions.
import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { decode, encode } from 'dns-packet'
import { describe, expect, it } from 'vitest'
import { type PlainType, canonicalRRset, canonicalValue, partsOf } from '../../../activities/dns/rrset.ts'
import { encodeTrial, encodeUpdate } from '../../../activities/dns/rfc2136/message.ts'
import { readReply, sign } from '../../../activities/dns/tsig.ts'
import { formatTxt, parseTxt } from '../../../activities/dns/txt.ts'
import {
  CLASS,
  TYPE,
  encodeName,
  encodeRecord,
  encodeValue,
  readName,
  readRecord,
} from '../../../activities/dns/wire.ts'
import type { RRset } from '../../../workflows/ports/dns.ts'

const label = fc.stringMatching(/^[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?$/)
const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => `${labels.join('.')}.`)
const bytes = fc.uint8Array({ maxLength: 255 })
const txt = fc.array(bytes, { minLength: 1, maxLength: 4 }).map(formatTxt)
const ttl = fc.integer({ min: 1, max: 2_147_483_647 })
const VALUES = { A: fc.ipV4(), AAAA: fc.ipV6(), CNAME: name, TXT: txt } as const satisfies Record<
  PlainType,
  fc.Arbitrary<string>
>
const type = fc.constantFrom<PlainType>('A', 'AAAA', 'CNAME', 'TXT')
const rrset = (of: PlainType): fc.Arbitrary<RRset> =>
  fc.record({ ttl, values: fc.array(VALUES[of], { maxLength: of === 'CNAME' ? 1 : 5 }) }).map((given) => {
    const canonical = canonicalRRset(of, given)
    if (!canonical.ok) throw new Error(canonical.problem)
    return canonical.rrset
  })
const change = type.chain((of) =>
  fc.record({ type: fc.constant(of), name, seen: rrset(of), desired: rrset(of), id: fc.nat(0xffff) }),
)

describe('a record on the wire', () => {
  it('is read by dns-packet as it was written', () => {
    fc.assert(
      fc.property(change, ({ name: owner, type: of, desired }) => {
        const answers = desired.values.map((value) =>
          encodeRecord({
            name: owner,
            type: TYPE[of],
            class: CLASS.IN,
            ttl: desired.ttl,
            data: encodeValue(of, value),
          }),
        )
        const header = Buffer.alloc(12)
        header.writeUInt16BE(0x8000, 2)
        header.writeUInt16BE(answers.length, 6)
        const read = decode(Buffer.concat([header, ...answers])).answers ?? []
        const values = read.map((answer) => {
          expect(answer).toMatchObject({ name: owner.slice(0, -1), type: of, ttl: desired.ttl, class: 'IN' })
          const { data } = answer as { data: unknown }
          return of === 'TXT' ? formatTxt(data as Buffer[]) : canonicalValue(of, data as string)
        })
        expect(values).toEqual(desired.values)
      }),
    )
  })

  it('is written by dns-packet so that we read it, compressed or not', () => {
    fc.assert(
      fc.property(name, fc.ipV4(), ttl, (owner, data, seconds) => {
        const message = encode({
          type: 'response',
          answers: [{ type: 'A', name: owner, ttl: seconds, data }],
        })
        const { record, next } = readRecord(message, 12)
        expect(record).toEqual({
          name: owner,
          type: TYPE.A,
          class: CLASS.IN,
          ttl: seconds,
          data: encodeValue('A', data),
        })
        expect(next).toBe(message.length)
      }),
    )
    const compressed = Buffer.concat([
      encodeName('example.test.'),
      Buffer.from([3]),
      Buffer.from('API'),
      Buffer.from([0xc0, 0]),
    ])
    expect(readName(compressed, 14)).toEqual({ name: 'api.example.test.', next: compressed.length })
  })

  it('ends on pointers that lead in a circle and on names that are cut off', () => {
    expect(() => readName(Buffer.from([0xc0, 0]), 0)).toThrow(RangeError)
    expect(() => readName(Buffer.from([5, 97]), 0)).toThrow(RangeError)
  })
})

describe('an UPDATE', () => {
  it('holds exactly the conditions and the new record set, whatever it replaces', () => {
    fc.assert(
      fc.property(change, ({ id, name: owner, type: of, seen, desired }) => {
        const sets = { seen: partsOf(of, seen), desired: partsOf(of, desired) }
        const message = encodeUpdate(id, { zone: 'test.', name: owner, types: [of], ...sets })
        const records: ReturnType<typeof readRecord>['record'][] = []
        for (let at = 12 + encodeName('test.').length + 4; at < message.length;) {
          const { record, next } = readRecord(message, at)
          records.push(record)
          at = next
        }
        const conditions = records.slice(0, message.readUInt16BE(6))
        const updates = records.slice(conditions.length)
        expect(updates).toHaveLength(message.readUInt16BE(8))
        expect(message.readUInt16BE(0)).toBe(id)
        expect((message.readUInt16BE(2) >> 11) & 0xf).toBe(5)
        const own = conditions.filter((one) => one.type === TYPE[of])
        // Nothing may stand next to a CNAME: whatever else the server knows of must be absent.
        expect(conditions.length > own.length).toBe(of === 'CNAME' && desired.values.length > 0)
        if (seen.values.length > 0) {
          expect(own.map(({ data }) => data)).toEqual(seen.values.map((value) => encodeValue(of, value)))
          for (const one of own)
            expect(one).toMatchObject({ name: owner, type: TYPE[of], class: CLASS.IN, ttl: 0 })
        } else {
          expect(own).toHaveLength(1)
          expect(own[0]).toMatchObject({ class: CLASS.NONE, ttl: 0, data: Buffer.alloc(0) })
        }
        if (seen.values.length + desired.values.length === 0) {
          expect(updates).toEqual([])
          return
        }
        expect(updates[0]).toMatchObject({ type: TYPE[of], class: CLASS.ANY, ttl: 0, data: Buffer.alloc(0) })
        expect(updates.slice(1).map(({ data }) => data)).toEqual(
          desired.values.map((value) => encodeValue(of, value)),
        )
        for (const one of updates.slice(1)) expect(one).toMatchObject({ class: CLASS.IN, ttl: desired.ttl })
      }),
    )
  })
})

describe('a trial of an UPDATE', () => {
  it('demands the set as it was seen and removes one value that it does not have', () => {
    fc.assert(
      fc.property(change, ({ id, name: owner, type: of, seen }) => {
        const message = encodeTrial(id, {
          zone: 'test.',
          name: owner,
          types: [of],
          own: of,
          seen: partsOf(of, seen),
        })
        const records: ReturnType<typeof readRecord>['record'][] = []
        for (let at = 12 + encodeName('test.').length + 4; at < message.length;) {
          const { record, next } = readRecord(message, at)
          records.push(record)
          at = next
        }
        expect(message.readUInt16BE(8)).toBe(1)
        expect(records.at(-1)).toMatchObject({ name: owner, type: TYPE[of], class: CLASS.NONE, ttl: 0 })
        const removed = records.at(-1)?.data
        for (const value of seen.values) expect(encodeValue(of, value)).not.toEqual(removed)
        expect(records).toHaveLength(1 + Math.max(1, seen.values.length))
      }),
    )
  })
})

describe('a signature', () => {
  const requestMac = Buffer.alloc(32, 3)

  it('is genuine over our request only, and not once a byte that it covers has changed', () => {
    const reply = signedReply(requestMac)
    expect(readReply(reply, KEY, requestMac)).toMatchObject({ genuine: true, rcode: 0, trouble: null })
    expect(readReply(reply, KEY, Buffer.alloc(32, 4)).genuine).toBe(false)
    expect(readReply(reply, { ...KEY, secret: Buffer.alloc(32, 2) }, requestMac).genuine).toBe(false)
    expect(readReply(reply, { ...KEY, name: 'k2.' }, requestMac).genuine).toBe(false)
    // Header but its id (checked against the request's), and from the signed time to the end.
    const covered = [...range(2, 12), ...range(reply.length - 48, reply.length)]
    fc.assert(
      fc.property(fc.constantFrom(...covered), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const forged = Buffer.from(reply)
        forged[at] = (forged[at] as number) ^ flip
        expect(isBelieved(forged, requestMac)).toBe(false)
      }),
    )
  })

  it('of a request is not one of a reply', () => {
    const { message, mac } = sign(HEADER, KEY, 1_795_260_000)
    expect(readReply(message, KEY, mac).genuine).toBe(false)
  })

  it('leaves any rubbish unbelieved', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rubbish) => {
        expect(isBelieved(Buffer.from(rubbish), requestMac)).toBe(false)
      }),
    )
  })
})

describe('TXT', () => {
  it('means the same bytes after any number of readings and writings', () => {
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 1, maxLength: 4 }), (strings) => {
        expect(parseTxt(formatTxt(strings))).toEqual(strings.map((one) => Buffer.from(one)))
      }),
    )
  })
})

const KEY = { name: 'k1.', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 1) } as const
const HEADER = Buffer.from([1, 2, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 0])
const MAC_FROM_END = 38 // MAC (32), original id, error, length of other data (2 each)

/** A reply as a server signs it (RFC 8945 5.3): the request's signature is part of what is signed. */
function signedReply(requestMac: Buffer): Buffer {
  const { message } = sign(HEADER, KEY, 1_795_260_000)
  const at = message.length - MAC_FROM_END
  const timeAndFudge = message.subarray(at - 10, at - 2)
  const fixed = Buffer.from([0, 255, 0, 0, 0, 0])
  const names = [encodeName(KEY.name), fixed, encodeName('hmac-sha256.'), timeAndFudge, Buffer.alloc(4)]
  const mac = createHmac('sha256', KEY.secret)
  for (const part of [Buffer.from([0, requestMac.length]), requestMac, HEADER, ...names]) mac.update(part)
  mac.digest().copy(message, at)
  return message
}

function isBelieved(reply: Buffer, requestMac: Buffer): boolean {
  try {
    return readReply(reply, KEY, requestMac).genuine
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return false
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)
