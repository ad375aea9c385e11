// Capacity: how many instances a side has. Targets: `old` and `new`.
import type { JsonObject } from '../json.ts'
import { definePort } from './port.ts'
import type { ChangeSupports, Changing } from './target.ts'

/**
 * Desired number of instances. `observe` reports how many can serve as `facts.ready`. `floor`: below which the autoscaler of
 * that side does not go by itself; left out where there is none.
 */
export type Capacity = { count: number; floor?: number }

export function capacityOf(count: number, floor: number | undefined): Capacity {
  return floor === undefined ? { count } : { count, floor }
}

/** `3 of 4 ready`. More than were wanted are no part of them. */
export function readyWords(ready: number, wanted: number): string {
  return ready > wanted ? `${ready} ready, ${wanted} wanted` : `${ready} of ${wanted} ready`
}

/** `confirm` settles when at least the desired count is ready. */
export type CapacityConfirmOptions = JsonObject

export type CapacityPort = Changing<Capacity>

export interface CapacitySupports extends ChangeSupports {
  port: 'capacity'
  /** How long an autoscaler needs at most until it reckons with users who are back; left out: there is none. */
  noticesWithin?: string
}

export const capacity = definePort<Capacity>({
  changing: {
    isRestoredLast: true, // instances go only behind the traffic and the names that lead users to them
    drifts: false,
    strange: () => ({ count: 9 }),
    words({ count, floor }) {
      const instances = count === 1 ? '1 instance' : `${count} instances`
      return floor === undefined ? instances : `${instances} (floor ${floor})`
    },
    isEnough: (found, ordered) =>
      ordered.count > 0 && found.count >= ordered.count && floorOf(found) >= (ordered.floor ?? 0),
    // Its users are back on the old side: what an autoscaler has added for them stays, for it would be added again at once.
    back: ({ target, before, now }) =>
      target === 'old' && before.floor !== undefined && now.count > before.count
        ? { ...before, count: now.count }
        : before,
    isReleasedLate: ({ target, before: { floor = Infinity }, values }) =>
      target === 'old' && values.some((value) => (value.floor ?? 0) > floor),
    lasting: ({ count }) => ({ count: count === 0 ? 'none' : 'some' }),
  },
})

/** Where there is no autoscaler any more, nothing takes instances away by itself. */
function floorOf({ floor = Infinity }: Capacity): number {
  return floor
}
