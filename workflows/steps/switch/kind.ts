// switch, as others see it: all traffic to the new side, in one change.
import { SPLIT, splitAt } from '../../ports/traffic.ts'
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, inOneWrite, namesOf } from '../several.ts'

export const switchAll = defineKind<'switch'>({
  title: ({ connection }) => `switch ${namesOf(connection)} to 100% new`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'throughout',
  moves: ({ connection }) =>
    eachOf(connection).map((each) => ({ connection: each, target: SPLIT, share: 100, path: [] })),
  outline: ({ connection, hold, extend_max }) => ({
    changes: eachOf(connection).map((each) => ({ connection: each, target: SPLIT, desired: splitAt(100) })),
    back: `weights as recorded before, ${inOneWrite(connection)}`,
    shortestMs: milliseconds(hold),
    longestMs: milliseconds(hold) + milliseconds(extend_max),
    decides: null,
  }),
  hurried: (fields, { hold }) => ({ ...fields, hold }),
})
