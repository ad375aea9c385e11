// How many instances a prewarm asks for, in the plan as in the run.
import { expect, test } from 'vitest'
import type { PlannedStep } from '../../../workflows/plan.ts'
import { outline } from '../../../workflows/steps/kind-of.ts'
import { Prewarm } from '../../../workflows/steps/prewarm/schema.ts'

const step: PlannedStep<'prewarm'> = {
  id: 'prewarm',
  index: 1,
  kind: 'prewarm',
  title: 'prewarm',
  spec: Prewarm.parse({ connection: 'fleet', factor: 1.5 }),
}

test.each([
  ['as many as the factor comes to, when there are fewer', { old: 3, new: 1 }, 5],
  ['as many as are there, when the factor comes to fewer: users may be on them', { old: 3, new: 6 }, 6],
  ['one of a side that has none', { old: 0, new: 0 }, 1],
])('%s', (_, counts, count) => {
  const seen = (_connection: string, target: string) => ({ count: counts[target as 'old' | 'new'] })
  expect(outline(step, seen).changes).toEqual([{ connection: 'fleet', target: 'new', desired: { count } }])
})

test('unknown as long as one of the sides is', () => {
  const seen = (_: string, target: string) => (target === 'old' ? { count: 3 } : undefined)
  expect(outline(step, seen).changes[0]?.desired).toBeNull()
})
