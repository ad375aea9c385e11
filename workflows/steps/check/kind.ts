// check, as others see it: it asks, and goes back when the answers are not good in time.
import { milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'

export const check = defineKind<'check'>({
  title: ({ connection, requests }) =>
    `check ${connection}: ${requests.map(({ name, path }) => name ?? path).join(', ')}`,
  connections: { connection: 'probe' },
  changes: false,
  watched: 'never',
  needs: ({ connection, requests }) => ({ journeys: [{ connection, requests, isWatched: false }] }),
  outline: ({ within }) => ({
    changes: [],
    back: 'changes nothing',
    shortestMs: 0,
    longestMs: milliseconds(within),
    decides: null,
  }),
  hurried: (fields) => ({ ...fields, every: '1s' }),
})
