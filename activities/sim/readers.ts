// Readers that lag behind: replicas, caches, a status that nobody updates. They answer what was there when they froze.
import { type Shown, type WorldState } from './state.ts'

export function freeze(state: WorldState, of: { cellKey: string; until: number; cause: object }): void {
  const cell = state.cells.get(of.cellKey)
  if (cell === undefined || state.frozen.some(({ cause }) => cause === of.cause)) return
  const { value, version, writer, writtenBy, elsewhere } = cell
  state.frozen.push({ ...of, shown: structuredClone({ value, version, writer, writtenBy, elsewhere }) })
}

/** Lifts what these causes froze. */
export function thaw(state: WorldState, causes: object[]): void {
  state.frozen = state.frozen.filter(({ cause }) => !causes.includes(cause))
}

/** What a look is told: of several frozen readers the one that froze first. */
export function shownOf(state: WorldState, cellKey: string, now: Shown): Shown {
  const frozen = state.frozen.find((one) => one.cellKey === cellKey && one.until > state.cursor)
  return frozen?.shown ?? now
}
