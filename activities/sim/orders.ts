// Writes that are accepted: at once, behind others that have not taken effect yet, in part, or in one place of several.
import { type Json, type JsonObject, sameJson } from '../../workflows/json.ts'
import { failure } from '../failure.ts'
import { land, landElsewhere } from './cells.ts'
import type { Fault } from './fault.ts'
import type { Cell, Order, WorldState } from './state.ts'
import { touched } from './time.ts'

export const SOME_PLACE = 'a file' // what another place is called when a script names none

type OfWrites = Extract<Fault, { showsLate: number } | { half: string } | { elsewhere: string }>

/** Takes effect now, or, while earlier ones of the target are still on their way, after them: the last one wins in the end. */
export function accept(state: WorldState, order: Order, delayMs = 0): void {
  const behind = state.late.filter(
    ({ cellKey, isAccepted }) => cellKey === order.cellKey && isAccepted === true,
  )
  const at = Math.max(state.cursor + delayMs, ...behind.map((one) => one.at))
  if (behind.length === 0 && delayMs === 0) land(state, order)
  else state.late.push({ ...order, basedOn: null, isAccepted: true, at })
  touched(state)
}

/** The outcome of a write that meets such a fault; it was admitted before. */
export function acceptBadly(
  state: WorldState,
  { cell, order }: { cell: Cell; order: Order },
  fault: OfWrites,
): void {
  if ('showsLate' in fault) return accept(state, order, fault.showsLate)
  if ('half' in fault) return accept(state, { ...order, value: halfDone(cell, order.value, fault.half) })
  const { place = SOME_PLACE, followsAfter } = fault
  const before = structuredClone(cell.elsewhere[place] ?? cell.value)
  if (fault.elsewhere === 'gets') landElsewhere(state, place, order)
  else {
    land(state, order)
    if (!sameJson(before, cell.value)) cell.elsewhere[place] = before
  }
  if (followsAfter !== undefined) {
    const at = state.cursor + followsAfter
    if (fault.elsewhere === 'gets') state.late.push({ ...order, basedOn: null, isAccepted: true, at })
    else state.late.push({ ...order, basedOn: null, isAccepted: true, at, place })
  }
  touched(state)
}

function halfDone({ port, target, value }: Cell, desired: Json, part: string): Json {
  const [now, wanted] = [value as JsonObject, desired as JsonObject]
  if (!(part in wanted)) throw failure('Bug', `scripted: ${port} ${target} has no part ${part}`)
  const done = { ...now, [part]: wanted[part] as Json }
  const isGone = Array.isArray(done['values']) && done['values'].length === 0
  return isGone ? { ...done, ttl: 0 } : done // a record set without values has no TTL
}
