// Record sets as people write them -> as providers report them, so that a plan compares equal with the world.
import { spellTarget } from '../../../activities/dns/names.ts'
import { PLAIN_TYPES, type PlainType, canonicalRRset, canonicalValue } from '../../../activities/dns/rrset.ts'
import type { Step } from '../parts.ts'
import type { Finding } from '../problem.ts'

type Repoint = Extract<Step, { kind: 'repoint' }>
const ANY_TTL = 60 // only values are judged here

/** Values that are none of their type, and an alias that is moved as an address elsewhere, each at its place. */
export function recordFindings(steps: readonly Step[]): Finding[] {
  return steps.flatMap((step) =>
    step.kind === 'repoint' ? [...valueFindings(step), ...aliasFindings(step, steps)] : [],
  )
}

/** A name has one target: where a step makes it an alias, its addresses are values of the CNAME. */
function aliasFindings({ path, spec }: Repoint, steps: readonly Step[]): Finding[] {
  return Object.entries(spec.records).flatMap(([target, values]) => {
    const { name, type } = spellTarget(target)
    if (!isAddress(type) || !aliasesOf(spec.connection, steps).has(name)) return []
    const written = values.map((value) => `${type} ${value}`).join(', ')
    return [
      {
        path: [...path, 'records', target],
        message: `${name} is moved as ${name} CNAME too, which stands for all addresses of the name`,
        fix: `write ${name} CNAME: [${written}]`,
      },
    ]
  })
}

/** Names that a step of the runbook moves as a CNAME. */
function aliasesOf(connection: string, steps: readonly Step[]): Set<string> {
  return new Set(
    steps.flatMap((step) =>
      step.kind === 'repoint' && step.spec.connection === connection
        ? Object.keys(step.spec.records)
            .map(spellTarget)
            .filter(({ type }) => type === 'CNAME')
            .map(({ name }) => name)
        : [],
    ),
  )
}

const isAddress = (type: string): boolean => type === 'A' || type === 'AAAA'

/** The target of a record: addresses of a name that becomes an alias, or was one, are part of the CNAME. */
export function targetOf(record: string, connection: string, steps: readonly Step[]): string {
  const { name, type } = spellTarget(record)
  return isAddress(type) && aliasesOf(connection, steps).has(name) ? `${name} CNAME` : `${name} ${type}`
}

function valueFindings({ path, spec }: Repoint): Finding[] {
  return Object.entries(spec.records).flatMap(([target, values]) => {
    const type = typeOf(target)
    if (type === null) return []
    const wrong = values.flatMap((value, index) => {
      if (canonicalValue(type, value) !== null) return []
      const judged = canonicalRRset(type, { ttl: ANY_TTL, values: [value] })
      return [{ path: [...path, 'records', target, index], message: judged.ok ? '' : judged.problem }]
    })
    if (wrong.length > 0) return wrong
    const whole = canonicalRRset(type, { ttl: ANY_TTL, values })
    return whole.ok ? [] : [{ path: [...path, 'records', target], message: whole.problem }]
  })
}

/** The step with its record sets in canonical form; steps without any stay as they are. */
export function spelled(step: Step, _index: number, steps: readonly Step[]): Step {
  if (step.kind === 'ttl') {
    const { connection, records } = step.spec
    const targets = new Set(records.map((record) => targetOf(record, connection, steps)))
    return { ...step, spec: { ...step.spec, records: [...targets] } }
  }
  if (step.kind !== 'repoint') return step
  const records = Object.entries(step.spec.records).map(([target, values]) => [
    spell(target),
    canonical(target, values),
  ])
  return {
    ...step,
    spec: { ...step.spec, records: Object.fromEntries(records) as Repoint['spec']['records'] },
  }
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
