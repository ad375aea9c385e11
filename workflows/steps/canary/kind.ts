// canary, as others see it: one change of the split per weight, each held.
import { SPLIT, splitAt } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, inOneWrite, namesOf } from '../several.ts'

export const canary = defineKind<'canary'>({
  title: ({ weights, connection }) => `canary ${weights.join(' ')} on ${namesOf(connection)}`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'throughout',
  moves: ({ connection, weights }) =>
    weights.flatMap((weight, index) =>
      eachOf(connection).map((each) => ({
        connection: each,
        target: SPLIT,
        share: percent(weight),
        path: ['weights', index],
      })),
    ),
  outline({ connection, weights, hold, extend_max }) {
    const count = weights.length
    return {
      changes: weights.flatMap((weight) =>
        eachOf(connection).map((each) => ({
          connection: each,
          target: SPLIT,
          desired: splitAt(percent(weight)),
        })),
      ),
      back: `weights as recorded before, ${inOneWrite(connection)}`,
      shortestMs: count * milliseconds(hold),
      longestMs: count * (milliseconds(hold) + milliseconds(extend_max)),
      decides: null,
    }
  },
  hurried: (fields, { hold }) => ({ ...fields, hold }),
})
