// Taking capacity away without a look at what remains is worth a word; a look that is always content is refused.
import { expect, test } from 'vitest'
import { cautionsOf, problemsOf, wrong } from './fixture.ts'

const CARRIES = ', carries: { from: prom, load: "sum(rate(y[5m]))", per_instance: 100 }'

test('a decommission that does not look whether the rest carries the load says so in the plan', async () => {
  const [caution] = await cautionsOf(wrong(CARRIES, ''))
  expect(caution).toMatchObject({
    path: 'steps[7].decommission',
    message: 'nothing looks whether the instances that remain carry the load',
  })
})

test.each([
  ['asks for nothing', 'vector(5)', /asks for no series/],
  [
    'is never more than one instance carries',
    'clamp_max(sum(rate(y[5m])), 5)',
    /would be carried however large it is/,
  ],
])('a load that %s is refused', async (_, load, message) => {
  const [problem] = await problemsOf(wrong('load: "sum(rate(y[5m]))"', `load: "${load}"`))
  expect(problem).toMatchObject({
    path: 'steps[7].decommission.carries.load',
    message: expect.stringMatching(message),
  })
})
