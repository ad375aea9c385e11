// Record sets as people write them -> as providers report them, so that a plan compares equal with the world.
import { spellTarget } from '../../../activities/dns/names.ts'
import { PLAIN_TYPES, type PlainType, canonicalRRset, canonicalValue } from '../../../activities/dns/rrset.ts'
import { mainConnectionsIn } from '../../../workflows/steps/connections.ts'
import { kindOf } from '../../../workflows/steps/kind-of.ts'
import type { Step } from '../parts.ts'
import type { Finding, Path } from '../problem.ts'

const ANY_TTL = 60 // only values are judged here

/** A record set that a step names; `values`: those it shall have, null where the step does not say. */
export type NamedRecord = { connection: string; record: string; values: string[] | null; path: Path }

/** The record sets of a step as they are written, each at its place. */
export function recordsOf(step: Step): NamedRecord[] {
  const field = kindOf(step).recordSets
  if (field === undefined) return []
  const held = (step.spec as { [field: string]: unknown })[field] as string[] | { [record: string]: string[] }
  const path = [...step.path, field]
  const written = Array.isArray(held)
    ? held.map((record, index) => ({ record, values: null, path: [...path, index] }))
    : Object.entries(held).map(([record, values]) => ({ record, values, path: [...path, record] }))
  return mainConnectionsIn(step).flatMap(({ name: connection }) =>
    written.map((each) => ({ connection, ...each })),
  )
}

/** Values that are none of their type, and an alias that is moved as an address elsewhere, each at its place. */
export function recordFindings(steps: readonly Step[]): Finding[] {
  return steps.flatMap((step) => {
    const moved = recordsOf(step).filter(hasValues)
    return [...moved.flatMap(valueFindings), ...moved.flatMap((each) => aliasFindings(each, steps))]
  })
}

type MovedRecord = NamedRecord & { values: string[] }

function hasValues(named: NamedRecord): named is MovedRecord {
  return named.values !== null
}

/** A name has one target: where a step makes it an alias, its addresses are values of the CNAME. */
function aliasFindings({ connection, record, values, path }: MovedRecord, steps: readonly Step[]): Finding[] {
  const { name, type } = spellTarget(record)
  if (!isAddress(type) || !aliasesOf(connection, steps).has(name)) return []
  const written = values.map((value) => `${type} ${value}`).join(', ')
  return [
    {
      path,
      message: `${name} is moved as ${name} CNAME too, which stands for all addresses of the name`,
      fix: `write ${name} CNAME: [${written}]`,
    },
  ]
}

/** Names that a step of the runbook moves as a CNAME. */
function aliasesOf(connection: string, steps: readonly Step[]): Set<string> {
  const moved = steps.flatMap(recordsOf).filter((each) => hasValues(each) && each.connection === connection)
  return new Set(
    moved
      .map(({ record }) => spellTarget(record))
      .filter(({ type }) => type === 'CNAME')
      .map(({ name }) => name),
  )
}

const isAddress = (type: string): boolean => type === 'A' || type === 'AAAA'

/** The target of a record: addresses of a name that becomes an alias, or was one, are part of the CNAME. */
export function targetOf(record: string, connection: string, steps: readonly Step[]): string {
  const { name, type } = spellTarget(record)
  return isAddress(type) && aliasesOf(connection, steps).has(name) ? `${name} CNAME` : `${name} ${type}`
}

function valueFindings({ record, values, path }: MovedRecord): Finding[] {
  const type = typeOf(record)
  if (type === null) return []
  const wrong = values.flatMap((value, index) => {
    if (canonicalValue(type, value) !== null) return []
    const judged = canonicalRRset(type, { ttl: ANY_TTL, values: [value] })
    return [{ path: [...path, index], message: judged.ok ? '' : judged.problem }]
  })
  if (wrong.length > 0) return wrong
  const whole = canonicalRRset(type, { ttl: ANY_TTL, values })
  return whole.ok ? [] : [{ path, message: whole.problem }]
}

/** The step with its record sets in canonical form; steps without any stay as they are. */
export function spelled(step: Step, _index: number, steps: readonly Step[]): Step {
  const field = kindOf(step).recordSets
  if (field === undefined) return step
  const named = recordsOf(step)
  const records = named.some(hasValues)
    ? Object.fromEntries(
        named.filter(hasValues).map(({ record, values }) => [spell(record), canonical(record, values)]),
      )
    : [...new Set(named.map(({ record, connection }) => targetOf(record, connection, steps)))]
  return { ...step, spec: { ...step.spec, [field]: records } } as Step
}

function canonical(target: string, values: string[]): string[] {
  const type = typeOf(target)
  const judged = type === null ? null : canonicalRRset(type, { ttl: ANY_TTL, values })
  return judged?.ok === true ? judged.rrset.values : values
}

function spell(target: string): string {
  const { name, type } = spellTarget(target)
  return `${name} ${type}`
}

function typeOf(target: string): PlainType | null {
  const { type } = spellTarget(target)
  return PLAIN_TYPES.find((plain) => plain === type) ?? null
}
