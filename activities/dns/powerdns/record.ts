// Record sets as PowerDNS keeps them: the plain types, and LUA, whose answers are computed. Pure.
import { isIP } from 'node:net'
import type { RRset } from '../../../workflows/ports/dns.ts'
import { type Effect, effectsOf } from '../confirm.ts'
import type { RecordTarget } from '../names.ts'
import {
  ABSENT,
  type Canonical,
  PLAIN_TYPES,
  type Parts,
  type PlainType,
  canonicalValue,
  joined,
  partsOf,
  sortedRRset,
} from '../rrset.ts'
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

/** The types whose record sets one target speaks for. */
export const typesOf = (type: Type): readonly Type[] => (type === 'CNAME' ? ['A', 'AAAA', 'CNAME'] : [type])

/** What PowerDNS reports, in the one form. Disabled records are not served and do not count. */
export function observed(record: RecordTarget<Type>, rrsets: readonly Rrset[]): RRset {
  const parts: Parts = {}
  for (const rrset of rrsets) {
    const values = servedOf(rrset)
    if (values.length === 0) continue
    if (!isPlain(record)) {
      if (rrset.type === record.type) return { ttl: rrset.ttl, values: [...new Set(values)].sort() }
      continue
    }
    const type = PLAIN_TYPES.find((plain) => plain === rrset.type)
    if (type === undefined) continue
    const spelled = values.map((value) => canonicalValue(type, value) ?? value)
    parts[type] = { ttl: rrset.ttl, values: [...new Set(spelled)].sort() }
  }
  return isPlain(record) ? joined(record.type, parts) : ABSENT
}

export function servedOf({ records }: Rrset): string[] {
  return records.filter(({ disabled }) => !disabled).map(({ content }) => content)
}

/** From the one form to the record sets that PowerDNS holds, removals first: it checks one set after the other. */
export function setsOf(
  record: RecordTarget<Type>,
  rrset: RRset,
): { type: Type; ttl: number; values: string[] }[] {
  const parts: { [T in Type]?: { ttl: number; values: string[] } } = isPlain(record)
    ? partsOf(record.type, rrset)
    : { [record.type]: rrset }
  return typesOf(record.type)
    .map((type) => ({ type, ttl: 0, values: [], ...parts[type] }))
    .sort((a, b) => Math.sign(a.values.length) - Math.sign(b.values.length))
}

/** What clients must see. A LUA record answers with a choice: any of the addresses in its code will do. */
export function effectsFor(record: RecordTarget<Type>, desired: RRset): Effect[] {
  return isPlain(record)
    ? effectsOf({ name: record.name, type: record.type }, desired)
    : [luaEffect(record, desired)]
}

function luaEffect(record: RecordTarget<Type>, desired: RRset): Effect {
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
