// What differs between a plan that was reviewed and the present one, by name: in the world and in the runbook. Pure.
import { type Json, canonicalJson, sameJson } from '../../workflows/json.ts'
import type { Found, Plan } from '../../workflows/plan.ts'
import { lastingPart } from '../../workflows/ports/facts.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { targetText } from './target-text.ts'

/** `from` or `to` null: it was not there, or could not be looked at. */
export type Changed = {
  what: 'target' | 'runbook'
  name: string
  from: Json | null
  to: Json | null
  /** Of a target. */
  port: PortName | null
}

/** Empty = the same plan: what moves by itself (a count of instances) is no difference. */
export function changedSince(reviewed: Plan, present: Plan): Changed[] {
  return [...worldChanges(reviewed, present), ...runbookChanges(reviewed, present)]
}

/** `edge split: old 100 new 0 -> old 80 new 20`; of the runbook only the place is said. */
export function changedText({ what, name, from, to, port }: Changed): string {
  if (what === 'runbook')
    return `${name} ${from === null ? 'was added' : to === null ? 'was removed' : 'was changed'}`
  const found = (value: Json | null) => (value === null ? 'not looked at' : targetText(value, port))
  return `${name}: ${found(from)} -> ${found(to)}`
}

function worldChanges(reviewed: Plan, present: Plan): Changed[] {
  const names = [...reviewed.found, ...present.found].map(nameOf)
  return [...new Set(names)].toSorted().flatMap((name) => {
    const from = valueIn(reviewed, name)
    const to = valueIn(present, name)
    const isSame = from !== null && to !== null && sameJson(from.lasting, to.lasting)
    if (isSame) return []
    const port = (to ?? from)?.port ?? null
    return [{ what: 'target' as const, name, from: from?.value ?? null, to: to?.value ?? null, port }]
  })
}

function valueIn(plan: Plan, name: string): { value: Json; lasting: Json; port: PortName | null } | null {
  const found = plan.found.find((each) => nameOf(each) === name)
  if (found === undefined) return null
  const port = plan.connections[found.connection]?.port
  return { value: found.value, lasting: lastingPart(port, found.value), port: port ?? null }
}

function nameOf({ connection, target }: Pick<Found, 'connection' | 'target'>): string {
  return `${connection} ${target}`
}

function runbookChanges(reviewed: Plan, present: Plan): Changed[] {
  const before = partsOf(reviewed)
  const after = partsOf(present)
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [from = null, to = null] = [before.get(name), after.get(name)]
    const isSame = from !== null && to !== null && canonicalJson(from) === canonicalJson(to)
    return isSame ? [] : [{ what: 'runbook' as const, name, from, to, port: null }]
  })
}

/** The parts of a runbook by the names that people know them by. */
function partsOf(plan: Plan): Map<string, Json> {
  const { connections, guards, steps, description, drain, notify, terraform } = plan
  const parts: [string, unknown][] = [
    ['description', description],
    ['drain', drain],
    ['notify', notify],
    ...(terraform === undefined ? [] : [['terraform', terraform] as [string, unknown]]),
    ...Object.values(connections).map((connection): [string, unknown] => [
      `connection ${connection.name}`,
      connection,
    ]),
    ...guards.map((guard): [string, unknown] => [`guard ${guard.name}`, guard]),
    ...steps.map((step): [string, unknown] => [`step ${step.index} (${step.kind})`, step]),
  ]
  return new Map(parts as [string, Json][])
}
