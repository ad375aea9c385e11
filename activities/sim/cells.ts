// The things that can be changed, each with a version and a last writer; and the one place where a write takes effect.
import { canonicalJson, sameJson, type Json } from '../../workflows/json.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import { resize } from './capacity.ts'
import { fillCaches } from './resolvers.ts'
import type { Cell, ChangingPort, Side, WorldState } from './state.ts'

/** Puts a thing into the world as it is at the start. The first one to name it wins: a restarted worker resets nothing. */
export function place(state: WorldState, cell: Pick<Cell, 'port' | 'target' | 'value'>): void {
  const key = `${cell.port} ${cell.target}`
  if (state.cells.has(key)) return
  state.cells.set(key, { ...cell, version: 1, writer: null })
  if (cell.port === 'dns') fillCaches(state, cell.target)
  if (cell.port === 'capacity') {
    const { count } = cell.value as { count: number }
    state.fleets[cell.target as Side].batches = count === 0 ? [] : [{ count, readyAt: -Infinity }]
  }
}

/** A write takes effect. The same content again is no write. */
export function land(state: WorldState, write: { cellKey: string; value: Json; by: string }): void {
  const cell = state.cells.get(write.cellKey)
  if (cell === undefined || sameJson(cell.value, write.value)) return
  cell.value = write.value
  cell.version += 1
  cell.writer = write.by
  if (cell.port === 'capacity') {
    resize(state.fleets[cell.target as Side], (write.value as { count: number }).count, state.cursor)
  }
  state.landed.push({
    port: cell.port,
    target: cell.target,
    value: write.value,
    version: cell.version,
    by: write.by,
    at: state.cursor,
  })
}

/**
 * The key of a thing as people name it: the balancer may be left out while there is one only.
 * Null when the world has no such thing.
 */
export function keyOf(state: WorldState, port: ChangingPort, target: string): string | null {
  const key = `${port} ${target}`
  if (state.cells.has(key)) return key
  const only = [...state.balancers.keys()]
  if (port !== 'traffic' || only.length !== 1) return null
  const ofOnly = `${port} ${only[0]} ${target}`
  return state.cells.has(ofOnly) ? ofOnly : null
}

/** Everything that a run may change, as one text: equal worlds, equal text. Versions, caches and counters stay out. */
export function snapshot(state: WorldState): string {
  const all: { [key: string]: Json } = {}
  for (const [key, cell] of state.cells) if (!isAbsent(cell)) all[key] = cell.value
  return canonicalJson(all)
}

/** A record set without values does not exist, however often somebody has looked for it. */
function isAbsent(cell: Cell): boolean {
  return cell.port === 'dns' && (cell.value as RRset).values.length === 0
}
