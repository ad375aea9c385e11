// Record sets as PowerDNS keeps them: the plain types, and LUA, whose answers are computed. Pure.
import { isIP } from 'node:net'
import type { RRset } from '../../../workflows/ports/dns.ts'
import { type Effect, plainEffect } from '../confirm.ts'
import type { RecordTarget } from '../names.ts'
import { ABSENT, type Canonical, PLAIN_TYPES, type PlainType, canonicalValue, sortedRRset } from '../rrset.ts'
import { canonicalOrConfig, plainRRset } from '../target.ts'
import type { Rrset } from './client.ts'

export const TYPES = [...PLAIN_TYPES, 'LUA'] as const
export type Type = (typeof TYPES)[number]

const LUA = /^(A|AAAA|CNAME|TXT)\s+"(.*)"$/s // what it answers as, then the code

/** The desired set in the one form; Config when a value is none of its type. */
export function canonical(record: RecordTarget<Type>, rrset: RRset): RRset {
  return isPlain(record) ? plainRRset(record, rrset) : canonicalOrConfig(record, canonicalLua(rrset))
}

function canonicalLua(rrset: RRset): Canonical {
  const wrong = rrset.values.find((value) => !LUA.test(value))
  if (wrong === undefined) return sortedRRset(rrset)
  const example = `A "pickwrandom({{90,'192.0.2.1'},{10,'192.0.2.2'}})"`
  return { ok: false, problem: `${JSON.stringify(wrong)} is no LUA record: write ${example}` }
}

/** What PowerDNS reports, in the one form. Disabled records are not served and do not count. */
export function observed(record: RecordTarget<Type>, rrset: Rrset | null): RRset {
  const served = (rrset?.records ?? []).filter(({ disabled }) => !disabled).map(({ content }) => content)
  if (rrset === null || served.length === 0) return ABSENT
  const values = served.map((value) =>
    isPlain(record) ? (canonicalValue(record.type, value) ?? value) : value,
  )
  return { ttl: rrset.ttl, values: [...new Set(values)].sort() }
}

/** What clients must see. A LUA record answers with a choice: any of the addresses in its code will do. */
export function effectOf(record: RecordTarget<Type>, desired: RRset): Effect {
  if (isPlain(record)) return plainEffect({ name: record.name, type: record.type }, desired)
  const [, type = 'A', code = ''] = LUA.exec(desired.values[0] ?? '') ?? []
  const choices = [...code.matchAll(/'([^']+)'/g)].flatMap(([, text]) =>
    text !== undefined && isIP(text) !== 0 ? [text] : [],
  )
  const gone = desired.values.length === 0
  return {
    name: record.name,
    type: type as PlainType,
    ttl: desired.ttl,
    wanted: gone ? 'no record' : choices.length === 0 ? 'an answer' : `one of ${choices.join(' ')}`,
    accepts: (values) =>
      gone
        ? values.length === 0
        : values.length > 0 && (choices.length === 0 || values.every((value) => choices.includes(value))),
  }
}

const isPlain = (record: RecordTarget<Type>): record is RecordTarget<PlainType> => record.type !== 'LUA'
