// What a call was given, checked: the record set a target names and the values it shall have. Raises Config, does no I/O.
import type { RRset } from '../../workflows/ports/dns.ts'
import { failure } from '../failure.ts'
import { type RecordTarget, isInZone, isName, spellTarget } from './names.ts'
import { type Canonical, type PlainType, canonicalRRset } from './rrset.ts'

/** The record set a target names. Raises Config when it is no target, outside the zone, or of a type that is not supported. */
export function recordTarget<T extends string>(
  target: string,
  within: { zone: string; types: readonly T[] },
): RecordTarget<T> {
  const { name, type } = spellTarget(target)
  if (!isName(name) || target.trim().split(/\s+/).length !== 2) {
    throw failure(
      'Config',
      `${JSON.stringify(target)} is no record: write "<name>. <TYPE>", such as "api.${within.zone} A"`,
    )
  }
  if (!isInZone(name, within.zone)) {
    throw failure(
      'Config',
      `${name} is not in the zone ${within.zone}: use a connection to its own zone, or write the full name`,
    )
  }
  const known = within.types.find((one) => one === type)
  if (known === undefined) {
    throw failure(
      'Config',
      `${name} ${type}: this provider changes records of type ${within.types.join(', ')} only`,
    )
  }
  return { name, type: known }
}

/** A record set at a name that is an alias: there is none, and what people meant is the alias or what it leads to. */
export function aliasFailure({ name, type }: RecordTarget, alias: readonly string[]): Error {
  return failure(
    'Missing',
    `there is no ${name} ${type}: ${name} is a CNAME to ${alias.join(' ')}: name the CNAME (and the records behind it); addresses in its place are written as values of "${name} CNAME", such as "A 192.0.2.10"`,
  )
}

/** The one form of a record set of a plain type. */
export function plainRRset(record: RecordTarget<PlainType>, rrset: RRset): RRset {
  return canonicalOrConfig(record, canonicalRRset(record.type, rrset))
}

export function canonicalOrConfig({ name, type }: RecordTarget, canonical: Canonical): RRset {
  if (canonical.ok) return canonical.rrset
  throw failure('Config', `${name} ${type}: ${canonical.problem}`)
}
