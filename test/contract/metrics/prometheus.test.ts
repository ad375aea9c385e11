// metrics/prometheus against a real Prometheus behind a proxy that asks for a token, as it is usually run.
import { afterAll, describe, expect, it } from 'vitest'
import { prometheus } from '../../../activities/metrics/prometheus/index.ts'
import { startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { freeze } from '../frozen.ts'
import { type MetricsBench, connectMetrics, metricsContract } from './contract.ts'
import { wordsOf } from '../said.ts'

const TOKEN = 'promtok-5c1e9a77'
const WRONG_TOKEN = 'wrongtok-90be41'
const APP_METRICS = [
  '# TYPE orders_total counter',
  'orders_total{side="old"} 30',
  'orders_total{side="new"} 12',
  'zero 0',
  '',
].join('\n')

const error = (errorType: string, words: string) => ({ status: 'error', errorType, error: words })

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

async function makeBench(): Promise<MetricsBench> {
  const app = await startHttpServer(() => ({ headers: { 'content-type': 'text/plain' }, body: APP_METRICS }))
  const real = await startPrometheus({ scrape: [{ job: 'app', targets: [new URL(app.url).host] }] })
  const proxy = await startHttpServer(async ({ method, path, headers, body }) => {
    const authorization = headers.authorization ?? 'nothing'
    // Says back what it was sent, as careless servers do.
    if (authorization !== `Bearer ${TOKEN}`) return { status: 401, body: `not known: ${authorization}` }
    const answer = await fetch(`${real.url}${path}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? '' },
      body,
    })
    const type = answer.headers.get('content-type') ?? ''
    return { status: answer.status, headers: { 'content-type': type }, body: await answer.text() }
  })
  const deps = testDeps({ secrets: { 'env:PROM': TOKEN, 'env:WRONG': WRONG_TOKEN } })
  const config = { url: proxy.url, token: 'env:PROM', timeout: '1s' }
  const port = connectMetrics({ provider: prometheus, deps }, config)
  await until('both series are scraped', async () => {
    const seen = await port.query('sum(orders_total)', io())
    return seen.kind === 'value' && seen.value === 42
  })
  return {
    provider: prometheus,
    config,
    deps,
    queries: {
      number: { query: 'sum(orders_total)', value: 42 },
      empty: 'sum(rate(nope_total[1m]))',
      notANumber: 'sum(zero) / sum(zero)',
      infinite: 'sum(orders_total) / sum(zero)',
      several: 'orders_total',
      wrong: 'sum(rate(orders_total[1m])',
    },
    outage: () => freeze(real.server.pid),
    wrongCredentials: { config: { ...config, token: 'env:WRONG' } },
    secrets: [TOKEN, WRONG_TOKEN],
    async end() {
      await proxy.end()
      await real.server.stop()
      await app.end()
    },
  }
}

metricsContract('metrics/prometheus', makeBench)

describe('metrics/prometheus', () => {
  let server: HttpServer | undefined
  afterAll(async () => server?.end())

  async function ask(answer: HttpServer['answer'], config = {}): Promise<unknown> {
    server ??= await startHttpServer(answer)
    server.answer = answer
    const deps = {
      ...testDeps({ secrets: { 'env:T': TOKEN } }),
      now: () => Date.parse('2026-11-21T12:00:00Z'),
    }
    const port = connectMetrics(
      { provider: prometheus, deps },
      { url: server.url, token: 'env:T', ...config },
    )
    return port.query('up', io()).catch((thrown: unknown) => {
      const kind = (thrown as { type?: string }).type
      const text = wordsOf(thrown)
      expect(text).not.toContain(TOKEN)
      return `${kind}: ${(thrown as Error).message.replaceAll(server?.url ?? '', 'URL')}`
    })
  }

  it('asks for the moment and the time limit it was given, behind a path too', async () => {
    const vector = {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [1, '0.25'] }] },
    }
    const answer = json(200, { ...vector, infos: ['not a counter'] })
    const config = { delay: '30s', timeout: '2s', headers: { 'X-Scope-OrgID': 'shop' } }
    server ??= await startHttpServer(() => answer)
    expect(await ask(() => answer, { ...config, url: `${server.url}/prometheus/` })).toEqual({
      kind: 'value',
      value: 0.25,
      at: '2026-11-21T11:59:30.000Z',
      warnings: ['not a counter'],
    })
    const sent = server.received.at(-1)
    expect(sent).toMatchObject({ method: 'POST', path: '/prometheus/api/v1/query' })
    expect(sent?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'x-scope-orgid': 'shop' })
    expect(Object.fromEntries(new URLSearchParams(sent?.body))).toEqual({
      query: 'up',
      time: String(Date.parse('2026-11-21T11:59:30Z') / 1_000) + '.000',
      timeout: '2000ms',
    })
  })

  it('never makes a number of a partial answer, and says what is missing', async () => {
    const data = { resultType: 'vector', result: [{ metric: {}, value: [1, '0.001'] }] }
    const why = async (more: object) =>
      ((await ask(() => json(200, { status: 'success', data, ...more }))) as { why?: string }).why
    expect(await why({ isPartial: true })).toBe(
      'a partial answer: isPartial: some of the storage did not answer; the part that came says 0.001',
    )
    expect(await why({ warnings: ['No StoreAPIs matched for this query'] })).toBe(
      'a partial answer: No StoreAPIs matched for this query; the part that came says 0.001',
    )
    expect(await why({ isPartial: true, data: { ...data, result: [] } })).toMatch(/; no series matched$/)
    expect(await why({ isPartial: false, warnings: null })).toBeUndefined()
    expect(await why({ warnings: ['PromQL info: metric might not be a counter'] })).toBeUndefined()
    expect(await why({ warnings: ['PromQL info: not a counter', 'PromQL warning: mixed types'] })).toMatch(
      /^a partial answer: PromQL warning: mixed types; /,
    )
  })

  it('asks by GET where only POST is refused, remembers it, and says so when neither gets through', async () => {
    const whole = json(200, {
      status: 'success',
      data: { resultType: 'vector', result: [{ metric: {}, value: [1, '0.25'] }] },
    })
    for (const status of [403, 405, 501]) {
      const proxy = await startHttpServer(({ method }) =>
        method === 'GET' ? whole : { status, body: `no ${method} here` },
      )
      const port = connectMetrics({ provider: prometheus, deps: testDeps() }, { url: proxy.url })
      for (let look = 0; look < 2; look++)
        expect(await port.query('sum(rate(a{b="c&d"}[1m]))', io())).toMatchObject({ value: 0.25 })
      expect(proxy.received.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
      const asked = new URL(proxy.received.at(-1)?.path ?? '', proxy.url)
      expect(asked.pathname).toBe('/api/v1/query')
      expect(asked.searchParams.get('query')).toBe('sum(rate(a{b="c&d"}[1m]))')
      proxy.answer = ({ method }) => (method === 'POST' ? whole : { status: 405 })
      await port.query('up', io()).catch(() => null)
      expect(await port.query('up', io()), 'POST is tried again').toMatchObject({ value: 0.25 })
      await proxy.end()
    }
    expect(await ask(({ method }) => ({ status: 403, body: `no ${method} for you` }))).toBe(
      'Denied: query Prometheus at URL: POST was refused (403), GET too: 403: no GET for you; token or headers must allow reading queries',
    )
    expect(await ask(({ method }) => ({ status: method === 'POST' ? 405 : 414, body: 'too long' }))).toBe(
      'Config: query Prometheus at URL: POST was refused (405), GET too: 414: too long; one of the two must reach /api/v1/query',
    )
  })

  it('turns each answer into the right kind, in words that say what to do', async () => {
    const tried = 'query Prometheus at URL'
    const wrong = error('bad_data', `1:4: parse error near ${TOKEN}`)
    expect(await ask(() => json(400, wrong))).toBe(
      `Rejected: ${tried}: 400 bad_data: 1:4: parse error near [secret]; the query was: up`,
    )
    expect(await ask(() => json(422, error('execution', 'too many samples')))).toBe(
      `Rejected: ${tried}: 422 execution: too many samples; the query was: up`,
    )
    expect(await ask(() => ({ status: 403, body: '' }))).toBe(
      `Denied: ${tried}: POST was refused (403), GET too: 403: no reason given; token or headers must allow reading queries`,
    )
    expect(await ask(() => ({ status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>' }))).toBe(
      `Config: ${tried}: 404: not a Prometheus API (text/html); url must be what comes before /api/v1/query`,
    )
    expect(await ask(() => ({ status: 302, headers: { location: 'https://sso/login' } }))).toBe(
      `Config: ${tried}: 302: moved to https://sso/login; url must be what comes before /api/v1/query`,
    )
    expect(await ask(() => ({ headers: { 'content-type': 'text/html' }, body: '<h1>Log in</h1>' }))).toBe(
      `Config: ${tried}: 200: not a Prometheus API (text/html); url must be what comes before /api/v1/query`,
    )
    expect(
      await ask(() => ({ headers: { 'content-type': 'application/json' }, body: '{"status":"su' })),
    ).toBe(`Unavailable: ${tried}: 200: {"status":"su`)
    expect(await ask(() => json(503, error('timeout', 'query timed out')))).toBe(
      `Unavailable: ${tried}: 503 timeout: query timed out`,
    )
    expect(await ask(() => ({ status: 503, body: 'Service Unavailable' }))).toBe(
      `Unavailable: ${tried}: 503: Service Unavailable`,
    )
    expect(await ask(() => null, { timeout: '100ms' })).toBe(`Unavailable: ${tried}: no answer within 600 ms`)
  })

  it('waits as long as it is told to when it asked too often', async () => {
    server ??= await startHttpServer(() => null)
    server.answer = () => ({ status: 429, headers: { 'retry-after': '7' } })
    const port = connectMetrics({ provider: prometheus, deps: testDeps() }, { url: server.url })
    await expect(port.query('up', io())).rejects.toMatchObject({ type: 'Throttled', nextRetryDelay: 7_000 })
  })

  it('calls a port where nothing listens Unavailable', async () => {
    const gone = await startHttpServer(() => null)
    await gone.end()
    const port = connectMetrics({ provider: prometheus, deps: testDeps() }, { url: gone.url })
    await expect(port.query('up', io())).rejects.toMatchObject({
      type: 'Unavailable',
      message: `query Prometheus at ${gone.url}: connection refused: nothing listens there`,
    })
  })

  it('refuses secrets in clear and addresses that hold them', () => {
    const url = 'http://prometheus:9090'
    expect(problems({ url, token: 'abc' })).toEqual(['token'])
    expect(problems({ url, headers: { Authorization: 'Basic abc' } })).toEqual(['headers.Authorization'])
    expect(problems({ url: 'http://ana:pw@prometheus:9090' })).toEqual(['url'])
    expect(problems({ url, timeout: '1m' })).toEqual(['timeout'])
    expect(problems({ url, headers: { 'X-Scope-OrgID': 'shop', Authorization: 'env:BASIC' } })).toEqual([])
  })
})

/** Paths of what the schema refuses. */
function problems(config: object): string[] {
  return prometheus.spec.config.safeParse(config).error?.issues.map((issue) => issue.path.join('.')) ?? []
}
