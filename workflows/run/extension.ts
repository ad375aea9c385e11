// More time: a person lets the hold in progress, or a question that expires, last longer. Pure; waits follow by until-moment.ts and looks.ts.
import { listed } from '../people.ts'
import { DURATION, formatDuration, milliseconds } from '../quantities.ts'
import type { Decision, Gate, RunState } from './state.ts'

const EXTENSION_MS_MAX = 30 * 86_400_000 // longer is a slip of the keyboard; it may be said again

/** Why it cannot be extended, in words for the person who asked; null = it can. Pure. */
export function refusalOfExtension(state: RunState, { gate: name, value, actor }: Decision): string | null {
  if (value === undefined || !DURATION.test(value) || milliseconds(value) === 0)
    return `extend needs the time to add as its value, such as 30m; not ${value === undefined ? 'nothing' : JSON.stringify(value)}`
  if (milliseconds(value) > EXTENSION_MS_MAX)
    return `extend adds at most ${formatDuration(EXTENSION_MS_MAX)} at once; not ${value}`
  if (state.reason !== null) return 'the run is going back already: nothing is held'
  const gate = state.gates.find(({ id }) => id === name)
  if (gate !== undefined) return refusalAtGate(gate, actor)
  if (name !== null) return `gate ${name} is not open`
  return state.holding === null ? 'nothing is held now, so there is no time to extend' : null
}

function refusalAtGate({ id, answer, expires, people }: Gate, actor: string): string | null {
  if (answer !== null) return `${id} was already decided: ${answer}`
  if (expires === null) return `${id} does not expire`
  if (people === 'anyone' || listed(people, actor) !== undefined) return null
  return `${actor} is not on the list of ${id}: ${people.join(', ')}`
}

/** Adds the time. With a gate: to its expiry; without one: to the hold in progress, its limit and its proofs. Pure. */
export function extend(state: RunState, { gate: name, value }: Decision): void {
  const ms = milliseconds(value as string)
  state.adjustments += 1
  const gate = state.gates.find(({ id }) => id === name)
  if (gate !== undefined) {
    if (gate.expires !== null) gate.expires += ms
    return
  }
  const { holding } = state
  if (holding === null) return
  const { key } = holding
  if (holding.until !== null) holding.until += ms
  if (holding.limit !== null) holding.limit += ms
  state.deadlines[key] = (state.deadlines[key] ?? 0) + ms
  const wait = state.waits[key]
  if (wait !== undefined && wait.limit !== null) wait.limit += ms
  for (const [proof, of] of Object.entries(state.proofs)) if (proof.startsWith(`${key}/`)) of.until += ms
}
