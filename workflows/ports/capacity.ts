// Capacity: how many instances a side has. Targets: `old` and `new`.
import type { JsonObject } from '../json.ts'
import type { ChangeSupports, Changing } from './target.ts'

/** Desired number of instances. `observe` reports how many can serve as `facts.ready`. */
export type Capacity = { count: number }

/** `confirm` settles when at least the desired count is ready. */
export type CapacityConfirmOptions = JsonObject

export type CapacityPort = Changing<Capacity>

export interface CapacitySupports extends ChangeSupports {
  port: 'capacity'
}
