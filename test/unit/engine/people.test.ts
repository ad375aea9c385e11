// One person in one form, and messages of any shape: what people call themselves, and what arrives instead of a decision.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { payloadConverter, unreadableBecause } from '../../../workflows/payloads.ts'
import { distinct, isSamePerson, listed, personKey } from '../../../workflows/people.ts'
import { decisionOf, signalled } from '../../../workflows/run/incoming.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const sent = (encoding: string | null, data?: string) => ({
  ...(encoding === null ? {} : { metadata: { encoding: bytes(encoding) } }),
  ...(data === undefined ? {} : { data: bytes(data) }),
})

describe('one person', () => {
  test.each([
    ['mia', 'Mia'],
    ['mia', 'mia '],
    ['mia', '\tMIA\n'],
    ['ana maria', 'Ana  Maria'],
    ['ana maria', 'ana\u00a0maria'],
    ['jos\u00e9', 'JOSE\u0301'],
    ['ana', '\uff41\uff4e\uff41'],
    ['ana', 'a\u200bna'],
    ['ana', '\ufeffana'],
    ['ana', 'ana\u2800'],
    ['ana', 'a\ufff9na'],
    ['ana', 'ana\u{e0061}'],
    ["o'neil", 'O\u2019Neil'],
    ["o'neil", 'o\u02bcneil'],
    ['jean-luc', 'Jean\u2011Luc'],
    ['jean-luc', 'jean\u2013luc'],
    ['q\u0323\u0307', 'q\u0307\u0323'],
    ['stra\u00dfe', 'STRASSE'],
    ['stra\u00dfe', 'STRA\u1e9eE'],
    ['\u03c3\u03c3', '\u03a3\u03c2'],
  ])('%j and %j are one', (one, other) => {
    expect(isSamePerson(one, other)).toBe(true)
    expect(distinct([one, other])).toBe(1)
    expect(listed([one], other)).toBe(one)
  })

  test.each([
    ['ana', 'anna'],
    ['ana maria', 'anamaria'],
    ['ana', '\u0430na'], // a Cyrillic letter: looks alike, is another one
    ['ana', 'ana-2'],
    ['jean-luc', 'jeanluc'],
    ["o'neil", 'oneil'],
  ])('%j and %j are two', (one, other) => expect(isSamePerson(one, other)).toBe(false))

  test('the form of a form is itself, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => personKey(personKey(name)) === personKey(name)),
    )
  })
})

describe('a message', () => {
  test.each([
    ['of an unknown encoding', sent('binary/encrypted', 'AAAA'), 'encoding binary/encrypted'],
    ['of a message type nobody here knows', sent('json/protobuf', '{}'), 'encoding json/protobuf'],
    ['of broken JSON', sent('json/plain', '{"actor":'), 'it is not the JSON that it says it is'],
    ['that is empty', sent('json/plain'), 'it is empty'],
    ['without metadata', sent(null, '{}'), 'it does not say its encoding'],
    ['with empty metadata', { metadata: {}, data: bytes('{}') }, 'it does not say its encoding'],
    ['with an empty encoding', sent('', '{}'), 'it does not say its encoding'],
    ['whose encoding obeys no terminal', sent('\u001b[2J', '{}'), 'encoding ?[2J'],
    ['of nothing at all', {}, 'it does not say its encoding'],
  ])('%s is said to be unreadable, and why', (_what, payload, why) => {
    expect(unreadableBecause(payloadConverter.fromPayload(payload))).toBe(why)
  })

  test('that can be read is what was sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const read: unknown = payloadConverter.fromPayload(payloadConverter.toPayload(value))
        expect(read).toEqual(JSON.parse(JSON.stringify(value)))
        expect(unreadableBecause(read)).toBeNull()
      }),
    )
  })

  test('an answer of an activity is never taken for one when it cannot be read', () => {
    const context = { type: 'activity', namespace: 'n', workflowId: 'w', isLocal: false } as never
    expect(() => payloadConverter.fromPayload(sent('binary/encrypted', 'x'), context)).toThrow(
      'Unknown encoding',
    )
  })

  test('of any shape is a decision of bounded texts, or none; an abort is always one', () => {
    const shape = fc.oneof(
      fc.anything(),
      fc.record(
        {
          actor: fc.anything(),
          reason: fc.oneof(fc.anything(), fc.string({ minLength: 5_000, maxLength: 9_000, unit: 'binary' })),
          gate: fc.anything(),
          decisionId: fc.oneof(fc.anything(), fc.string({ minLength: 2_000, maxLength: 3_000 })),
          verdict: fc.constantFrom('approve', 'abort', 'nonsense', 7),
          digest: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(shape, (said) => {
        const heard = [decisionOf(said), signalled('approve', said, 'id'), signalled('abort', said, 'id')]
        expect(heard[2]).toMatchObject({ verdict: 'abort' })
        for (const each of heard) {
          expect(JSON.stringify(each).length).toBeLessThan(12_000) // escapes included
          if ('unreadable' in each) continue
          expect(each.reason.length).toBeLessThanOrEqual(1_000)
          expect(each.actor.length).toBeLessThanOrEqual(128)
          expect(`${each.reason}${each.actor}${each.gate}${each.decisionId}`).not.toMatch(/[\p{Cc}\u202e]/u)
        }
      }),
    )
  })

  test('whose name is empty names nobody; a text alone is a reason', () => {
    expect(signalled('approve', { actor: ' \u200b ' }, 'id')).toMatchObject({ actor: '' })
    expect(signalled('approve', undefined, 'id')).toMatchObject({ actor: 'someone (by signal)' })
    expect(signalled('abort', 'it hurts', 'id')).toMatchObject({ reason: 'it hurts', decisionId: 'id' })
  })
})
