// A drain waits for a side to be empty: one that users are still led to never is, and the check says so.
import { expect, test } from 'vitest'
import { planOf, problemsOf, wrong } from './fixture.ts'
import { kindOf, outline } from '../../../workflows/steps/kind-of.ts'
import { trialsOf } from '../../../workflows/trials.ts'

const HOLD = '- hold: { for: 24h }'

test.each([
  {
    of: 'an edge without a switch',
    step: '- drain: { connection: mesh }',
    message: /old side still serves 100% of mesh/,
    fix: /switch of mesh/,
  },
  {
    of: 'the side that users were led to',
    step: '- drain: { connection: edge, side: new }',
    message: /new side still serves 100%/,
    fix: /side: old/,
  },
])('$of is refused, at the side', async ({ step, message, fix }) => {
  const [problem, ...others] = await problemsOf(wrong(HOLD, step))
  expect(problem).toMatchObject({
    path: 'steps[6].drain.side',
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })
  expect(others).toEqual([])
})

test('behind the switch of its edge it is right, changes nothing, and the plan tries whether it can be counted', async () => {
  const plan = await planOf(wrong(HOLD, '- drain: { connection: edge, within: 2m, on_timeout: go_on }'))
  const step = plan.steps[6]!
  expect(outline(step, () => undefined)).toMatchObject({ changes: [], longestMs: 120_000 })
  expect(kindOf(step).changes).toBe(false)
  expect(trialsOf(plan).filter(({ what }) => what === 'in-flight')).toMatchObject([
    { connection: { name: 'edge' }, side: 'old', step: step.id },
  ])
})
