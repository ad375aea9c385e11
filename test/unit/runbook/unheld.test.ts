// Whether a plan says that an autoscaler may take the old side away while the new one has its users.
import { expect, test } from 'vitest'
import { allSpecs } from '../../../client/runbook/load.ts'
import { preview } from '../../../client/runbook/preview.ts'
import type { Capacity } from '../../../workflows/ports/capacity.ts'
import { RIGHT, planOf, wrong } from './fixture.ts'

const PREWARM = '  - prewarm: { connection: fleet }\n'
const HOLD = '  - prewarm: { connection: fleet, side: old, factor: 1 }\n'

/** The steps whose notes say it, and the notes themselves. */
async function told(text: string, old: Capacity): Promise<[string, string][]> {
  const seen = (target: string, value: Capacity) => ({
    connection: 'fleet',
    target,
    observed: { value },
    problem: null,
  })
  const looks = [seen('old', old), seen('new', { count: 1, floor: 1 })]
  const { steps } = preview(await planOf(text), { looks, trials: [] }, allSpecs())
  return steps.flatMap(({ kind, notes }) =>
    notes.filter((note) => note.includes('autoscaler')).map((note): [string, string] => [kind, note]),
  )
}

test('it is said once, at the first step that leads users away, with the step that holds it', async () => {
  expect(await told(RIGHT, { count: 8, floor: 2 })).toEqual([
    [
      'canary',
      'fleet old: while its users are away its autoscaler may take it from 8 down to 2, and the way back leads all of them there at once; hold it by a step before this one: prewarm: { connection: fleet, side: old, factor: 1 }',
    ],
  ])
})

test('a step before that holds it is enough, one behind is not', async () => {
  expect(await told(wrong(PREWARM, PREWARM + HOLD), { count: 8, floor: 2 })).toEqual([])
  const behind = wrong('  - hold: { for: 24h }\n', `${HOLD}  - hold: { for: 24h }\n`)
  expect((await told(behind, { count: 8, floor: 2 })).map(([kind]) => kind)).toEqual(['canary'])
})

test.each<[string, Capacity]>([
  ['no autoscaler', { count: 8 }],
  ['an autoscaler at its floor', { count: 8, floor: 8 }],
])('%s: nothing to say', async (_what, old) => {
  expect(await told(RIGHT, old)).toEqual([])
})
