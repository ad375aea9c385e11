// prewarm, as others see it: the capacity that it asks for follows from what the other side has now.
import type { Capacity } from '../../ports/capacity.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const prewarm = defineKind<'prewarm'>({
  title: ({ side, factor, connection }) => `prewarm the ${side} side to ${factor}x on ${namesOf(connection)}`,
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
      back: 'capacity as recorded before, after traffic has left',
      shortestMs: 0,
      longestMs: milliseconds(within),
      decides: null,
    }
  },
  hurried: ({ warm: _theirs, ...fields }, { warmUrl }) =>
    warmUrl === null ? fields : { ...fields, warm: { urls: [warmUrl], rate: '50/s', rounds: 20 } },
})

/** Never fewer than are there: users may be on them. At least one instance: a side of none cannot be warmed. */
export function prewarmed(factor: number, of: { base: Capacity; present: Capacity }): Capacity {
  return { count: Math.max(1, of.present.count, Math.ceil(factor * of.base.count)) }
}
