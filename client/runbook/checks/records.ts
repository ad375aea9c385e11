// Record sets as people write them -> as providers report them, so that a plan compares equal with the world.
import { spellTarget } from '../../../activities/dns/names.ts'
import { PLAIN_TYPES, type PlainType, canonicalRRset, canonicalValue } from '../../../activities/dns/rrset.ts'
import type { Step } from '../parts.ts'
import type { Finding } from '../problem.ts'

type Repoint = Extract<Step, { kind: 'repoint' }>
const ANY_TTL = 60 // only values are judged here

/** Values that are none of their type, each at its place. */
export function recordFindings(steps: readonly Step[]): Finding[] {
  return steps.flatMap((step) => (step.kind === 'repoint' ? valueFindings(step) : []))
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
export function spelled(step: Step): Step {
  if (step.kind === 'ttl') {
    return { ...step, spec: { ...step.spec, records: step.spec.records.map(spell) } }
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
