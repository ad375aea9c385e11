// preflight, as others see it: it looks, and goes back when something stands in the way for too long.
import type { Demand } from '../../ports/preflight.ts'
import { inARow, milliseconds } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'
import type { Preflight } from './schema.ts'

export const preflight = defineKind<'preflight'>({
  title: ({ connection }) => `look whether ${namesOf(connection)} is fit for users`,
  connections: { connection: 'preflight' },
  changes: false,
  watched: 'never',
  needs: (spec) => ({
    examinations: eachOf(spec.connection).map((connection) => ({
      connection,
      demand: demandOf(spec),
      accepted: spec.accept,
    })),
  }),
  outline: ({ within, every, good }) => ({
    changes: [],
    back: 'changes nothing',
    shortestMs: (inARow(good) - 1) * milliseconds(every),
    longestMs: milliseconds(within),
    decides: null,
  }),
  hurried: (fields) => ({ ...fields, every: '1s' }),
})

function demandOf({ instances, factor, drain }: Preflight): Demand {
  return { instances: instances ?? null, factor: factor ?? null, drainMs: milliseconds(drain) }
}
