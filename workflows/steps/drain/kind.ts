// drain, as others see it: a wait for a side that users have left. It changes nothing.
import { inARow, milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const drain = defineKind<'drain'>({
  title: ({ side, connection }) => `drain the ${side} side of ${namesOf(connection)}`,
  connections: { connection: 'traffic' },
  changes: false,
  watched: 'throughout',
  needs: ({ connection, side }) => ({
    drains: eachOf(connection).map((each) => ({ connection: each, side })),
  }),
  empties: ({ side }) => ({ side, path: ['side'] }),
  outline: ({ within, every, good, on_timeout }) => ({
    changes: [],
    back: 'changes nothing',
    shortestMs: (inARow(good) - 1) * milliseconds(every),
    longestMs: on_timeout === 'ask' ? null : milliseconds(within),
    decides: null,
  }),
})
