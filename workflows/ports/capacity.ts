// Capacity: how many instances a side has. Targets: `old` and `new`.
import type { JsonObject } from '../json.ts'
import { definePort } from './port.ts'
import type { ChangeSupports, Changing } from './target.ts'

/** Desired number of instances. `observe` reports how many can serve as `facts.ready`. */
export type Capacity = { count: number }

/** `3 of 4 ready`. More than were wanted are no part of them. */
export function readyWords(ready: number, wanted: number): string {
  return ready > wanted ? `${ready} ready, ${wanted} wanted` : `${ready} of ${wanted} ready`
}

/** `confirm` settles when at least the desired count is ready. */
export type CapacityConfirmOptions = JsonObject

export type CapacityPort = Changing<Capacity>

export interface CapacitySupports extends ChangeSupports {
  port: 'capacity'
}

export const capacity = definePort<Capacity>({
  changing: {
    isRestoredLast: true, // instances go only behind the traffic and the names that lead users to them
    drifts: false,
    strange: () => ({ count: 9 }),
    words: ({ count }) => (count === 1 ? '1 instance' : `${count} instances`),
    isEnough: (found, ordered) => ordered.count > 0 && found.count >= ordered.count,
    lasting: ({ count }) => ({ count: count === 0 ? 'none' : 'some' }),
  },
})
