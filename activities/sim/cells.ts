// The things that can be changed, each with a version and a last writer; and the one place where a write takes effect.
import type { ChangingPort } from '../../workflows/ports/index.ts'
import { canonicalJson, sameJson, type Json } from '../../workflows/json.ts'
import { changingFacts } from '../../workflows/ports/facts.ts'
import { failure } from '../failure.ts'
import type { Cell, Order, WorldState } from './state.ts'

/**
 * Puts a thing into the world as it is at the start. The first one to name it wins: a restarted worker resets nothing. False:
 * it was there already.
 */
export function place(
  state: WorldState,
  cell: Pick<Cell, 'port' | 'target' | 'alias' | 'value' | 'follow'>,
): boolean {
  const key = `${cell.port} ${cell.target}`
  if (state.cells.has(key)) return false
  state.cells.set(key, { ...cell, version: 1, writer: null, writtenBy: null, elsewhere: {} })
  return true
}

/** A write takes effect, in every place of the thing. The same content again is no write. */
export function land(state: WorldState, write: Omit<Order, 'basedOn'>): void {
  const cell = state.cells.get(write.cellKey)
  if (cell === undefined) return
  const isAgreed = Object.keys(cell.elsewhere).length === 0
  if (isAgreed && sameJson(cell.value, write.value)) return
  cell.value = write.value
  cell.elsewhere = {}
  cell.follow?.(write.value, state.cursor)
  record(state, cell, write)
}

/** A write takes effect in one other place of the thing only. */
export function landElsewhere(state: WorldState, where: string, write: Omit<Order, 'basedOn'>): void {
  const cell = state.cells.get(write.cellKey)
  if (cell === undefined || sameJson(cell.elsewhere[where] ?? cell.value, write.value)) return
  if (sameJson(cell.value, write.value)) delete cell.elsewhere[where]
  else cell.elsewhere[where] = write.value
  record(state, cell, write)
}

function record(state: WorldState, cell: Cell, { value, by, writtenBy }: Omit<Order, 'basedOn'>): void {
  cell.version += 1
  cell.writer = by
  cell.writtenBy = writtenBy ?? null
  const { port, target, version } = cell
  state.landed.push({ port, target, value, version, by, at: state.cursor })
}

/** The thing that a call or a test names; Missing when the world has none. */
export function cellOf(state: WorldState, { port, target }: { port: ChangingPort; target: string }): Cell {
  const cell = state.cells.get(keyOf(state, port, target) ?? '')
  if (cell !== undefined) return cell
  const known = [...state.cells.values()].filter((one) => one.port === port).map((one) => one.target)
  throw failure(
    'Missing',
    `there is no ${target} in the simulated world ${state.name}; its ${port} targets: ${known.join(', ') || 'none'}`,
  )
}

/**
 * The key of a thing as people name it: the balancer may be left out while there is one only.
 * Null when the world has no such thing.
 */
export function keyOf(state: WorldState, port: ChangingPort, target: string): string | null {
  const key = `${port} ${target}`
  if (state.cells.has(key)) return key
  const [only, ...more] = [...state.cells].filter(([, cell]) => cell.port === port && cell.alias === target)
  return only === undefined || more.length > 0 ? null : only[0]
}

/**
 * Everything that a run may change, as one text: equal worlds, equal text. What another place holds belongs to it, and so does
 * an order that has not taken effect yet. Versions, caches and counters stay out.
 */
export function snapshot(state: WorldState): string {
  const all: { [key: string]: Json } = {}
  for (const [key, cell] of state.cells) {
    if (!isAbsent(cell)) all[key] = cell.value
    for (const [where, value] of Object.entries(cell.elsewhere)) all[`${key} in ${where}`] = value
    const orders = ordersOf(state, key, cell)
    if (orders.length > 0) all[`${key} ordered`] = orders
  }
  return canonicalJson(all)
}

/** What is still going to land and change something. */
function ordersOf(state: WorldState, key: string, cell: Cell): Json[] {
  return state.late
    .filter(({ cellKey, basedOn }) => cellKey === key && (basedOn === null || basedOn === cell.version))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value, place: where }) => (where === undefined ? value : { [where]: value }))
    .filter((value) => !sameJson(value, cell.value))
}

/** A record set without values, say: it does not exist, however often somebody has looked for it. */
function isAbsent({ port, value }: Cell): boolean {
  return changingFacts(port)?.isThere?.(value) === false
}
