// Guards that could never say bad are refused by `validate`, at their place; the forms that are right on a healthy service stay.
import { describe, expect, test } from 'vitest'
import { cautionsOf, problemsOf, wrong } from './fixture.ts'

const QUERY = 'sum(rate(errors{side="$side"}[1m]))\n    max: 0.5%'
const ALL = 'sum(rate(http_requests_total{side="$side"}[1m]))'
const FAILED = 'sum(rate(http_requests_total{side="$side",status=~"5.."}[1m]))'

/** A guard that asks this, with these limits, behind a comment as well where `behindComment` says so. */
function asking(query: string, limits = 'max: 0.5%', behindComment = false): string {
  const lines = [...(behindComment ? ['# failed requests, none is fine'] : []), ...query.split('\n')]
  const block = `|\n${lines.map((line) => `      ${line}`).join('\n')}`
  return wrong(QUERY, `${block}\n    ${limits}`)
}

/** What is said of the guard itself. */
async function saidOf(query: string, limits?: string): Promise<string[]> {
  const problems = await problemsOf(asking(query, limits))
  return problems
    .filter(({ path }) => path.startsWith('guards'))
    .map(({ path, message }) => `${path}: ${message}`)
}

/** [query, limits, what is said of it] */
const GREEN_FOR_EVER: [string, string, RegExp][] = [
  ['1', 'max: 5', /asks for no series/],
  ['vector(0)', 'max: 5', /asks for no series/],
  ['scalar(vector(0))', 'max: 5', /asks for no series/],
  ['time() % 1', 'max: 5', /asks for no series/],
  ['hour() * 0', 'max: 30', /asks for no series/],
  ['label_replace(vector(0), "a", "b", "", "")', 'max: 5', /asks for no series/],
  ['max_over_time(vector(0)[5m:1m])', 'max: 5', /asks for no series/],
  [`${ALL} @ 1700000000`, 'max: 5', /pinned to a moment/],
  [`${FAILED} or vector(0)`, 'max: 5', /outermost operator is "or"/],
  [`-(${FAILED} or vector(0))`, 'max: 5', /outermost operator is "or"/],
  [`vector(0) or ${FAILED}`, 'max: 5', /outermost operator is "or"/],
  [`(${FAILED} or vector(0)) / ${ALL}`, 'max: 5', /"or" puts a number/],
  [`(${FAILED} or on() vector(0)) / ${ALL}`, 'max: 5', /"or" puts a number/],
  [`clamp_min(${FAILED} or vector(0), 0)`, 'max: 5', /"or" puts a number/],
  ['sum(rate(errors[1m]) or vector(0))', 'max: 5', /"or" puts a number/],
  ['sum(rate(errors[1m]) or label_replace(vector(0), "a", "b", "", ""))', 'max: 5', /"or" puts a number/],
  ['sum(rate(errors[1m]) or (time() * 0))', 'max: 5', /"or" puts a number/],
  ['sum(rate(errors[1m]) or 0 * up)', 'max: 5', /"or" puts a number of other series/],
  [`${FAILED} or 0 * sum(up)`, 'max: 5', /outermost operator is "or"/],
  [`${FAILED} or absent(up)`, 'max: 5', /absent\(\)|outermost/],
  [`${FAILED} + absent_over_time(up[5m])`, 'max: 5', /absent\(\)/],
  ['absent(up)', 'max: 0', /absent\(\)/],
  [`${FAILED} > 5`, 'max: 5', /compares/],
  [`sum(rate(errors[1m]) > 5)`, 'max: 5', /compares/],
  ['count(up{side="$side"} == 1)', 'min: 1', /compares/],
  [`${FAILED} / (${ALL} > 100)`, 'max: 5', /compares/],
  [`(${FAILED} / ${ALL}) and (${ALL} > 5)`, 'max: 5', /outermost operator is "and"/],
  [`(${FAILED} unless on() maintenance) / ${ALL}`, 'max: 5', /"unless" can empty the answer/],
  ['sum(errors unless errors)', 'max: 5', /"unless" can empty/],
  ['max_over_time((errors > 5)[5m:1m])', 'max: 5', /compares/],
  [`scalar(${FAILED}) > bool 5`, 'max: 0', /NaN compares as 0/],
  [`${FAILED} / ${ALL} > bool 0.05`, 'max: 0', /NaN compares as 0/],
  [`histogram_quantile(0.9, sum by (le) (rate(b_bucket[1m]))) > bool 0.5`, 'max: 0', /NaN compares as 0/],
  [`${FAILED} * 0`, 'max: 5', /answers 0 whatever/],
  [`${FAILED} - ${FAILED}`, 'max: 5', /answers 0 whatever/],
  [`${FAILED} / (${FAILED})`, 'max: 5', /answers 1 whatever/],
  [`${FAILED} ^ 0`, 'max: 5', /answers 1 whatever/],
  [`${FAILED} > bool ${FAILED}`, 'max: 5', /answers 0 whatever/],
  ['count(up) > bool 0', 'max: 5', /can never be bad/],
  ['group(up)', 'max: 5', /answers 1 whatever/],
  [`clamp_max(${FAILED}, 0.005)`, 'max: 0.5%', /from 0 to 0.005, all within max 0.005: it can never be bad/],
  [`clamp(${FAILED}, 0, 1)`, 'max: 1', /can never be bad/],
  [`min(${FAILED}, 3)`, 'max: 5', /can never be bad/],
  [`${FAILED} > bool 5`, 'max: 1', /can never be bad/],
  [`sgn(${FAILED})`, 'max: 1', /can never be bad/],
  [`${FAILED} % 5`, 'max: 5', /can never be bad/],
  [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'max: 100%', /can never be bad/],
  [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'max: 5', /can never be bad/],
  ['count(up{side="$side"})', 'min: 0', /from 0 up, all within min 0: it can never be bad/],
  [FAILED, 'min: 0', /can never be bad/],
  ['clamp_min(errors, 5)', 'max: 1', /can never be good/],
  ['topk(0, errors)', 'max: 5', /chooses nothing/],
  ['errors{app="{{args.service-name}}"}', 'max: 5', /template was left/],
  ['errors{side="${side}"}', 'max: 5', /template was left.*side/],
  ['errors{side="$env"}', 'max: 5', /template was left.*env/],
  ['errors{side=~"a|$env|b"}', 'max: 5', /template was left/],
  ['errors{side="%s"}', 'max: 5', /template was left/],
  ['errors{side="<service>"}', 'max: 5', /template was left/],
  ['errors{side="$(params.side)",a="#{b}",c="<%= d %>",e="@ENV@"}', 'max: 5', /template was left/],
  ['{"errors", "side"="[[side]]"}', 'max: 5', /template was left/],
  ['errors{side="{side}"}', 'max: 5', /template was left/],
  ['errors{side="$$side"}', 'max: 5', /template was left/],
  ['errors{side="{% if new %}new{% endif %}"}', 'max: 5', /template was left/],
  ['errors{side="__SIDE__",app="%APP%",zone="CHANGE_ME"}', 'max: 5', /template was left/],
  ['errors{side="$side"} offset 1w', 'max: 5', /how it was 7d ago/],
  [
    `(${FAILED.replace('[1m]', '[1m] offset 2h')}) / ${ALL.replace('[1m]', '[1m] offset 1h')}`,
    'max: 5',
    /how it was 1h ago/,
  ],
  ['sum_over_time(errors[5m:1m] offset 1h)', 'max: 5', /how it was 1h ago/],
  ['sum(errors) * (hour() >= bool 8)', 'max: 5', /depends on the time of day/],
  ['sum(errors) * on () (day_of_week() < bool 6)', 'max: 5', /depends on the time of day/],
  ['sum(errors) * (time() % 86400 > bool 3600)', 'max: 5', /depends on the time of day/],
  ['sin(errors)', 'max: 1', /can never be bad/],
  [`${FAILED} atan2 ${ALL}`, 'max: 4', /can never be bad/],
  ['hour(errors)', 'max: 23', /can never be bad/],
  [`round((${FAILED} or 0 * ${ALL}) / ${ALL}, 10)`, 'max: 5%', /answers 0 whatever/],
  ['quantile(-1, errors)', 'max: 5', /answers -Infinity whatever/],
  ['histogram_quantile(1.5, b_bucket)', 'max: 5', /answers Infinity whatever/],
  ['sum(errors{a="1",b="2"}) - sum(errors{b=\'2\',a="1"})', 'max: 5', /answers 0 whatever/],
  ['sum by (a, b) (errors) - sum(errors) by (b, a)', 'max: 5', /answers 0 whatever/],
  ['rate(errors[1m]) / rate(errors[60s])', 'max: 2', /answers 1 whatever/],
  [
    `(${FAILED} or 0 * ${ALL}) / ${ALL}`,
    'compare: { to: old, difference_max: 5 }',
    /at most 1 apart.*never be bad/,
  ],
  [
    `(${FAILED} or 0 * ${ALL}) / ${ALL}`,
    'max: 100%\n    compare: { to: old, difference_max: 100% }',
    /never be bad/,
  ],
  ['clamp(sum(x{side="$side"}), 1, 2)', 'compare: { to: old, increase_max: 100% }', /never be bad/],
]

describe('a guard that could be green for ever is refused', () => {
  test.each(GREEN_FOR_EVER)('%s with %s', async (query, limits, said) => {
    for (const behindComment of [false, true]) {
      const problems = await problemsOf(asking(query, limits, behindComment))
      const found = problems.find(({ path, message }) => path === 'guards.errors.query' && said.test(message))
      expect(found, JSON.stringify(problems, null, 1)).toBeDefined()
      expect(found?.fix).not.toBeNull()
    }
  })

  test('at its place in the query, behind comments too', async () => {
    const text = asking(`# one\n(${FAILED}\n  or # two\n vector(0)) / ${ALL}`)
    const [problem] = await problemsOf(text)
    const line = text.split('\n')[(problem?.line ?? 0) - 1] ?? ''
    expect(line.slice((problem?.column ?? 0) - 1)).toMatch(/^or/)
  })

  test('that compares a side with itself', async () => {
    const compare = 'compare: { to: old, increase_max: 10% }'
    expect(await saidOf('sum(errors)', compare)).toEqual([
      'guards.errors.query: compared with itself: the query does not ask by $side, so both sides give the same answer',
    ])
    expect(await saidOf('sum(errors) # by $side', compare)).toHaveLength(1)
    expect(await saidOf('sum(errors{side="$side"})', `side: old\n    ${compare}`)).toEqual([
      'guards.errors.side: the old side is compared with itself: it can never be bad',
    ])
    expect(await saidOf('sum(errors{side="$side"})', compare)).toEqual([])
  })

  test('whose samples are always enough, or that looks again at once', async () => {
    const samples = (query: string) => `max: 1\n    min_samples: 100\n    samples: ${query}`
    expect(await saidOf(FAILED, samples('vector(1000)'))).toHaveLength(1)
    expect(await saidOf(FAILED, samples('clamp_min(sum(x), 100)'))).toHaveLength(1)
    expect(await saidOf(FAILED, samples(ALL))).toEqual([])
    expect(await saidOf(FAILED, 'max: 1\n    every: 0s')).toEqual([
      'guards.errors.every: must be longer than zero',
    ])
  })

  test('in an idle proof: a side that would be idle however much it is used', async () => {
    const idle = async (query: string, max = 0) => {
      const proof = `idle_proof: { from: prom, max: ${max}, query: '${query}' }`
      return await problemsOf(wrong('idle_proof: { from: prom, query: "sum(rate(x[5m]))" }', proof))
    }
    expect((await idle('vector(0)'))[0]?.message).toMatch(/no series/)
    expect((await idle('sgn(sum(rate(x[5m])))', 1))[0]?.message).toMatch(/idle however much it is used/)
    expect(await idle('sum(rate(x{side="old"}[5m]))')).toEqual([])
  })
})

describe('a guard that can say bad is let through', () => {
  test.each([
    [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'max: 0.5%'],
    [`(${FAILED} or ${ALL} * 0) / ${ALL}`, 'max: 0.5%'],
    [`${FAILED} or 0 * ${ALL}`, 'max: 5'],
    [`100 * (${FAILED} or 0 * ${ALL}) / ${ALL}`, 'max: 5'],
    [`1 - (${FAILED} or 0 * ${ALL}) / ${ALL}`, 'min: 99%'],
    [`${FAILED} / (${ALL} > 0)`, 'max: 5'],
    [`${FAILED} > bool 5`, 'max: 0'],
    ['sum(up{side="$side"} == bool 1)', 'min: 3'],
    ['sum(rate(a[1m]) or rate(b[1m]))', 'max: 5'],
    ['sum(rate(a[1m]) * on (pod) group_left () (kube_pod_labels{label="x"}))', 'max: 5'],
    ['sum(rate(a[1m]) and on (pod) kube_pod_labels{label="x"})', 'max: 5'],
    ['scalar(sum(errors))', 'max: 5'],
    ['histogram_quantile(0.95, sum by (le) (rate(b_bucket{side="$side"}[1m])))', 'max: 0.8'],
    ['clamp_max(sum(errors), 100)', 'max: 5'],
    ['max_over_time(sum(errors)[5m:10s])', 'max: 5'],
    ['avg(errors) - avg(errors offset 1h)', 'max: 5'],
    ['errors{class=~"a[$]b|c$",path=~"/x/[<]id>"}', 'max: 5'],
    ['sum(label_replace(errors, "a", "$1-${1}", "b", "(?P<name>.*)"))', 'max: 5'],
    ['errors{pod=~"(?P<name>a.*)",query="100%",path="/a%20b"}', 'max: 5'],
    ['errors{path="/orders/{id}",name="__init__",share="%A"}', 'max: 5'],
    ['sum(rate(errors[1m] offset 1m))', 'max: 5'],
    ['sum(errors) / sum(errors offset 1w)', 'max: 5'],
    ['time() - max(last_success_seconds)', 'max: 60'],
    ['sum(errors) by (a) - sum(errors)', 'max: 5'],
    ['round(sum(errors), 10)', 'max: 5'],
    ['histogram_quantile(1, sum by (le) (b_bucket))', 'max: 5'],
    [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'max: 5%\n    compare: { to: old, difference_max: 100% }'],
    [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'compare: { to: old, difference_max: 2% }'],
    [`(${FAILED} or 0 * ${ALL}) / ${ALL}`, 'compare: { to: old, increase_max: 500% }'],
    ['clamp(sum(x{side="$side"}), 1, 2)', 'compare: { to: old, increase_max: 50%, difference_max: 2 }'],
  ])('%s with %s', async (query, limits) => {
    expect(await saidOf(query, limits)).toEqual([])
  })

  test('a count that ends at nothing acts by being unknown, which is worth a word', async () => {
    for (const limits of ['min: 1', 'max: 0']) {
      const [caution] = await cautionsOf(asking('count(up{job="haproxy"})', limits))
      expect(caution?.message).toMatch(/a count of nothing is no data, not 0/)
    }
    expect(await cautionsOf(asking('count(up{job="haproxy"})', 'min: 3'))).toEqual([])
  })

  test('samples of both sides for a query of one are worth a word', async () => {
    const counting = (samples: string) =>
      asking(FAILED, `max: 5\n    min_samples: 100\n    samples: ${samples}`)
    expect((await cautionsOf(counting('sum(increase(requests[1m]))'))).map(({ path }) => path)).toEqual([
      'guards.errors.samples',
    ])
    expect(await cautionsOf(counting(ALL))).toEqual([])
  })

  test('a ratio that is empty on a healthy service is explained, with the form that is not', async () => {
    const [caution] = await cautionsOf(asking(`${FAILED} / ${ALL}`))
    expect(caution?.message).toMatch(/no such series.*unknown, which asks a person/)
    expect(caution?.fix).toContain(`write (${FAILED} or 0 * ${ALL}) / ${ALL}`)
    expect(await cautionsOf(asking(`(${FAILED} or 0 * ${ALL}) / ${ALL}`))).toEqual([])
    const apdex = 'sum(rate(b_bucket{side="$side",le="0.3"}[1m])) / sum(rate(b_bucket{side="$side"}[1m]))'
    expect(await cautionsOf(asking(apdex, 'min: 0.9'))).toEqual([])
  })
})

describe('a duration against a query that does not count in seconds', () => {
  const p95 = (metric: string) => `histogram_quantile(0.95, sum by (le) (rate(${metric}{side="$side"}[1m])))`

  test.each([
    ['istio_request_duration_milliseconds_bucket', 'ms'],
    ['request_time_ms', 'ms'],
    ['latency_us_sum', 'us'],
    ['lag_minutes', 'm'],
  ])('%s asks for unit: %s', async (metric, unit) => {
    const [problem, ...more] = await problemsOf(asking(p95(metric), 'max: 800ms'))
    expect(more).toEqual([])
    expect(problem).toMatchObject({
      path: 'guards.errors.query',
      fix: expect.stringContaining(`unit: ${unit},`),
    })
    expect(await saidOf(p95(metric), `max: 800ms\n    unit: ${unit}`)).toEqual([])
    expect(await saidOf(`${p95(metric)} / 1000`, 'max: 800ms\n    unit: s')).toEqual([])
  })

  test('is no question for seconds, nor for a limit without a unit of time', async () => {
    expect(await cautionsOf(asking(p95('http_request_duration_seconds_bucket'), 'max: 800ms'))).toEqual([])
    expect(await cautionsOf(asking(p95('request_time_ms'), 'max: 800'))).toEqual([])
    expect(await saidOf(p95('request_time_ms'), 'compare: { to: old, increase_max: 10% }')).toEqual([])
  })

  test('is worth a word where the name does not say, or says something else', async () => {
    const [unnamed] = await cautionsOf(asking(p95('envoy_cluster_upstream_rq_time_bucket'), 'max: 800ms'))
    expect(unnamed?.message).toMatch(/as if it were seconds/)
    const [other] = await cautionsOf(asking(p95('request_seconds_bucket'), 'max: 800ms\n    unit: ms'))
    expect(other).toMatchObject({ path: 'guards.errors.unit', fix: expect.stringContaining('unit: s') })
  })
})

test('a template in a query that is not PromQL is found too', async () => {
  const text = wrong('metrics/prometheus', 'metrics/http-json').replace(
    QUERY,
    '/stats?side={{ side }} errors.ratio\n    max: 0.5%',
  )
  expect((await problemsOf(text))[0]).toMatchObject({
    path: 'guards.errors.query',
    message: 'a template was left in the query: {{ side }}',
  })
})

test('a bad check is never made again later than a good one', async () => {
  const longer = await problemsOf(wrong(QUERY, `${QUERY}\n    every: 10s\n    recheck: 11s`))
  expect(longer).toMatchObject([
    {
      path: 'guards.errors.recheck',
      message: expect.stringMatching(/sooner than a good one/),
      fix: expect.stringMatching(/every/),
    },
  ])
  expect(await problemsOf(wrong(QUERY, `${QUERY}\n    every: 10s\n    recheck: 10s`))).toEqual([])
  const unread = await problemsOf(wrong(QUERY, `${QUERY}\n    every: 10s\n    recheck: soon`))
  expect(unread).toMatchObject([
    { path: 'guards.errors.recheck', message: expect.stringMatching(/duration/) },
  ])
})
