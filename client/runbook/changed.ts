// What differs between a plan that was reviewed and the present one, by name: in the world and in the runbook. Pure.
import { standing } from '../../workflows/found.ts'
import { type Json, canonicalJson, sameJson } from '../../workflows/json.ts'
import type { Found, Plan } from '../../workflows/plan.ts'
import { targetText } from './target-text.ts'

/** `from` or `to` null: it was not there, or could not be looked at. */
export type Changed = { what: 'target' | 'runbook'; name: string; from: Json | null; to: Json | null }

/** Empty = the same plan: what moves by itself (a count of instances) is no difference. */
export function changedSince(reviewed: Plan, present: Plan): Changed[] {
  return [...worldChanges(reviewed, present), ...runbookChanges(reviewed, present)]
}

/** `edge split: old 100 new 0 -> old 80 new 20`; of the runbook only the place is said. */
export function changedText({ what, name, from, to }: Changed): string {
  if (what === 'runbook')
    return `${name} ${from === null ? 'was added' : to === null ? 'was removed' : 'was changed'}`
  return `${name}: ${foundText(from)} -> ${foundText(to)}`
}

function foundText(value: Json | null): string {
  return value === null ? 'not looked at' : targetText(value)
}

function worldChanges(reviewed: Plan, present: Plan): Changed[] {
  const names = [...reviewed.found, ...present.found].map(nameOf)
  return [...new Set(names)].toSorted().flatMap((name) => {
    const from = valueIn(reviewed, name)
    const to = valueIn(present, name)
    const isSame = from !== null && to !== null && sameJson(from.standing, to.standing)
    return isSame ? [] : [{ what: 'target' as const, name, from: from?.value ?? null, to: to?.value ?? null }]
  })
}

function valueIn(plan: Plan, name: string): { value: Json; standing: Json } | null {
  const found = plan.found.find((each) => nameOf(each) === name)
  if (found === undefined) return null
  return { value: found.value, standing: standing(plan.connections[found.connection]?.port, found.value) }
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
    return isSame ? [] : [{ what: 'runbook' as const, name, from, to }]
  })
}

/** The parts of a runbook by the names that people know them by. */
function partsOf(plan: Plan): Map<string, Json> {
  const { connections, guards, steps, description, drain, notify } = plan
  const parts: [string, unknown][] = [
    ['description', description],
    ['drain', drain],
    ['notify', notify],
    ...Object.values(connections).map((connection): [string, unknown] => [
      `connection ${connection.name}`,
      connection,
    ]),
    ...guards.map((guard): [string, unknown] => [`guard ${guard.name}`, guard]),
    ...steps.map((step): [string, unknown] => [`step ${step.index} (${step.kind})`, step]),
  ]
  return new Map(parts as [string, Json][])
}
