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

const EDGE = 'provider: traffic/haproxy, socket: /run/h.sock, backend: orders, old: v1, new: v2'
const NGINX =
  'provider: traffic/nginx, file: /etc/nginx/split.conf, variable: $pool, control: "http://127.0.0.1:8181/x", check: [t], reload: [r], log: /var/log/x.log, old: v1, new: v2'

test('an edge that cannot count is refused with what to do instead, and a query does', async () => {
  const behindNginx = (drain: string): string => wrong(HOLD, drain).replace(EDGE, () => NGINX)
  const refused = await problemsOf(behindNginx('- drain: { connection: edge }'))
  expect(refused).toContainEqual(
    expect.objectContaining({
      path: 'steps[6].drain.connection',
      message: 'traffic/nginx cannot count requests in flight, which a drain needs',
      fix: expect.stringMatching(
        /^let a query count them \(in_flight: \{ from, query \}\), or a connection that can: /,
      ),
    }),
  )
  const query = `'sum(app_in_flight{side="$side"})'`
  const counted = `- drain: { connection: edge, in_flight: { from: prom, query: ${query} } }`
  expect(await problemsOf(behindNginx(counted))).toEqual([])
})

test('a query that could never say that something is left is refused', async () => {
  const counted =
    '- drain: { connection: edge, in_flight: { from: prom, query: "clamp_max(sum(app_in_flight), 0)" } }'
  expect(await problemsOf(wrong(HOLD, counted))).toMatchObject([
    { path: 'steps[6].drain.in_flight.query', message: expect.stringMatching(/however much it has begun/) },
  ])
})

test('with a query the plan tries the query, and the wait is bounded by both times', async () => {
  const fields =
    'within: 2m, on_timeout: go_on, in_flight: { from: prom, query: sum(app_in_flight), for: 1m }'
  const plan = await planOf(wrong(HOLD, `- drain: { connection: edge, ${fields} }`))
  expect(outline(plan.steps[6]!, () => undefined)).toMatchObject({ shortestMs: 60_000, longestMs: 180_000 })
  const trials = trialsOf(plan)
  expect(trials.filter(({ what }) => what === 'in-flight')).toEqual([])
  expect(trials).toContainEqual(
    expect.objectContaining({
      what: 'guard',
      isProof: true,
      guard: expect.objectContaining({ name: 'in flight on the old side', max: 0 }),
    }),
  )
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
