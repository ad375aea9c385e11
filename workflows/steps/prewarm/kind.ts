// prewarm, as others see it: the capacity that it asks for follows from what the other side has now.
import { type Capacity, capacityOf } from '../../ports/capacity.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const prewarm = defineKind<'prewarm'>({
  title: ({ side, of, factor, connection }) =>
    side === of && factor === 1
      ? `hold what the ${side} side has on ${namesOf(connection)}`
      : `prewarm the ${side} side to ${factor}x on ${namesOf(connection)}`,
  connections: { connection: 'capacity' },
  guards: ['warm.throttle[]'],
  changes: true,
  watched: 'throughout',
  readies: ({ connection, side, ready_within: within }) =>
    eachOf(connection).map((each) => ({ connection: each, target: side, withinMs: milliseconds(within) })),
  outline({ connection, side, of, factor, ready_within: within }, seen) {
    return {
      changes: eachOf(connection).map((each) => {
        const base = seen(each, of) as Capacity | undefined
        const present = seen(each, side) as Capacity | undefined
        const isSeen = base !== undefined && present !== undefined
        const desired = isSeen ? prewarmed(factor, { base, present }) : null
        return { connection: each, target: side, desired }
      }),
      back:
        side === 'old'
          ? 'capacity as recorded before, after its users are back; what an autoscaler has added for them stays'
          : 'capacity as recorded before, after traffic has left',
      shortestMs: 0,
      longestMs: milliseconds(within),
      decides: null,
    }
  },
  hurried: ({ warm: _theirs, ...fields }, { warmUrl }) =>
    warmUrl === null ? fields : { ...fields, warm: { urls: [warmUrl], rate: '50/s', rounds: 20 } },
})

/**
 * Never fewer than are there: users may be on them. At least one instance: a side of none cannot be warmed. Where an autoscaler
 * would take away what has no users yet, its floor holds them.
 */
export function prewarmed(
  factor: number,
  { base, present }: { base: Capacity; present: Capacity },
): Capacity {
  const count = Math.max(1, present.count, Math.ceil(factor * base.count))
  return capacityOf(count, present.floor === undefined ? undefined : Math.max(count, present.floor))
}
