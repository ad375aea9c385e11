// switch, as others see it: all traffic to the new side, in one change.
import { SPLIT, splitAt } from '../../ports/traffic.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'

export const switchAll = defineKind<'switch'>({
  title: ({ connection }) => `switch ${connection} to 100% new`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'throughout',
  moves: ({ connection }) => [{ connection, target: SPLIT, share: 100, path: [] }],
  outline: ({ connection, hold, extend_max }) => ({
    changes: [{ connection, target: SPLIT, desired: splitAt(100) }],
    back: 'weights as recorded before, in one write',
    shortestMs: milliseconds(hold),
    longestMs: milliseconds(hold) + milliseconds(extend_max),
    decides: null,
  }),
  hurried: (fields, { hold }) => ({ ...fields, hold }),
})
