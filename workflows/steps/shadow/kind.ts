// shadow, as others see it: a share is mirrored for a while, then no more.
import { MIRROR, type Mirror } from '../../ports/traffic.ts'
import { milliseconds, percent } from '../../quantities.ts'
import { defineKind } from '../kind.ts'
import { eachOf, namesOf } from '../several.ts'

export const shadow = defineKind<'shadow'>({
  title: ({ percent: share, connection }) => `shadow ${share} on ${namesOf(connection)}`,
  connections: { connection: 'traffic' },
  changes: true,
  watched: 'until its last change', // that one ends the mirroring
  moves: () => [], // copies move nobody, but load the new side as users would: they are watched like users
  outline: (spec) => ({
    changes: [mirror(percent(spec.percent)), mirror(0)].flatMap((desired) =>
      eachOf(spec.connection).map((connection) => ({ connection, target: MIRROR, desired })),
    ),
    back: 'mirroring as recorded before; users were never served by the new side',
    shortestMs: milliseconds(spec.for),
    longestMs: milliseconds(spec.for) + milliseconds(spec.extend_max),
    decides: null,
  }),
  hurried: (fields) => ({ ...fields, for: '5s' }),
})

export function mirror(share: number): Mirror {
  return { percent: share }
}
