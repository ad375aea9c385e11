// capacity/sim: the instances of both sides of the simulated world.
import { type Capacity, type CapacityPort, readyWords } from '../../../workflows/ports/capacity.ts'
import { milliseconds } from '../../../workflows/quantities.ts'
import { failure } from '../../failure.ts'
import { defineProvider } from '../../provider.ts'
import { ask, observe, write } from '../../sim/calls.ts'
import { readyCount } from '../../sim/capacity.ts'
import { place } from '../../sim/start.ts'
import type { Side, WorldState } from '../../sim/state.ts'
import { enterWorld } from '../../sim/world.ts'
import { spec } from './schema.ts'

export const simCapacity = defineProvider({
  spec,
  connect(config, deps): CapacityPort {
    const enter = () => {
      const state = enterWorld(config.world, deps)
      const { old, new: fresh, floors } = config
      place(state, { capacity: { old, new: fresh, floors, warmUpMs: milliseconds(config.warm_up) } })
      return state
    }
    enter() // the world is whole before the first look, so that a test can keep its beginning
    return {
      async observe(target, io, wanted = []) {
        const state = enter()
        const seen = await observe(state, { port: 'capacity', target, wanted }, io)
        return { ...seen, value: seen.value as Capacity, facts: { ready: readyOf(state, target) } }
      },
      async write({ target, desired, seen }, io) {
        const { count } = desired
        if (!Number.isInteger(count) || count < 0 || count > config.limit) {
          throw failure(
            'Rejected',
            `${target}: ${count} instances are not a whole number from 0 to ${config.limit}`,
          )
        }
        await write(enter(), { port: 'capacity', target, desired: withFloor(desired, seen.value), seen }, io)
      },
      confirm({ target, desired }, io) {
        const state = enter()
        const effect = () => {
          const ready = readyOf(state, target)
          return {
            settled: ready >= desired.count,
            lines: [`${target}: ${readyWords(ready, desired.count)}`],
          }
        }
        return ask(state, { port: 'capacity', verb: 'confirm', target, value: desired, effect }, io)
      },
    }
  },
})

/** An autoscaler would undo a number below its floor, and one above it: it is set with the number. None at all leaves it alone. */
function withFloor({ count, floor }: Capacity, seen: Capacity): Capacity {
  if (seen.floor === undefined) return { count }
  return { count, floor: floor ?? (count === 0 ? seen.floor : count) }
}

function readyOf(state: WorldState, target: string): number {
  const fleet = state.fleets[target as Side]
  return fleet === undefined ? 0 : readyCount(fleet, state.cursor)
}
