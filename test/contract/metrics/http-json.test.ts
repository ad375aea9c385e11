// metrics/http-json against a small service that says its numbers in JSON, behind a token.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpJson } from '../../../activities/metrics/http-json/index.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type HttpServer, type Received, type Reply, startHttpServer } from '../http-server.ts'
import { type MetricsBench, connectMetrics, metricsContract } from './contract.ts'
import { wordsOf } from '../said.ts'

const TOKEN = 'jsontok-2b7f10'
const WRONG_TOKEN = 'wrongtok-c4d9e2'
const STATS = `{"errors":{"ratio":0.004,"text":"0.004","none":null,"huge":1e999},"sides":[{"n":7},{"n":9}],"up":true}`

function answer({ path, headers }: Received): Reply {
  if (headers.authorization !== `Bearer ${TOKEN}`)
    return { status: 403, body: `no: ${headers.authorization}` }
  if (path.startsWith('/stats')) return { headers: { 'content-type': 'application/json' }, body: STATS }
  return { status: 404, body: 'nothing here' }
}

metricsContract(
  'metrics/http-json',
  async (): Promise<MetricsBench> => {
    let isSilent = false
    const server = await startHttpServer((received) => (isSilent ? null : answer(received)))
    const config = { url: server.url, token: 'env:TOKEN', timeout: '500ms' }
    return {
      provider: httpJson,
      config,
      deps: testDeps({ secrets: { 'env:TOKEN': TOKEN, 'env:WRONG': WRONG_TOKEN } }),
      queries: {
        number: { query: '/stats?side=new errors.ratio', value: 0.004 },
        empty: '/stats errors.rate',
        infinite: '/stats errors.huge',
        wrong: 'errors.ratio',
      },
      async outage() {
        isSilent = true
        return { end: async () => void (isSilent = false) }
      },
      wrongCredentials: { config: { ...config, token: 'env:WRONG' } },
      secrets: [TOKEN, WRONG_TOKEN],
      end: () => server.end(),
    }
  },
  ['not a number', 'several'],
)

describe('metrics/http-json', () => {
  let server: HttpServer
  beforeAll(async () => {
    server = await startHttpServer(answer)
  })
  afterAll(() => server.end())

  const port = () =>
    connectMetrics(
      { provider: httpJson, deps: testDeps({ secrets: { 'env:T': TOKEN } }) },
      { url: `${server.url}/`, token: 'env:T' },
    )
  const ask = async (query: string): Promise<unknown> => {
    const said = await port()
      .query(query, io())
      .catch((thrown: unknown) => thrown)
    if (!(said instanceof Error)) return 'why' in (said as object) ? (said as { why: string }).why : said
    expect(wordsOf(said)).not.toContain(TOKEN)
    return `${(said as Error & { type?: string }).type}: ${said.message.replaceAll(server.url, 'URL')}`
  }

  it('takes only a number for a number, and says what is there instead', async () => {
    expect(await ask('/stats sides.1.n')).toMatchObject({ kind: 'value', value: 9 })
    expect(await ask('/stats errors.text')).toBe('errors.text is a text, not a number')
    expect(await ask('/stats errors.none')).toBe('errors.none is null, not a number')
    expect(await ask('/stats sides')).toBe('sides is a list of 2, not a number')
    expect(await ask('/stats sides.2.n')).toBe('the answer has no sides.2')
    expect(await ask('/stats up')).toBe('up is a boolean, not a number')
    expect(await ask('/stats errors')).toBe('errors is an object, not a number')
    expect(await ask('/stats sides.length')).toBe('the answer has no sides.length')
  })

  it('never makes a number of an answer that says that part of the data is missing', async () => {
    const deps = testDeps({ secrets: { 'env:T': TOKEN } })
    const config = {
      url: server.url,
      token: 'env:T',
      partial: 'meta.partial',
      complete: { 'meta.status': 'Complete' },
    }
    const strict = connectMetrics({ provider: httpJson, deps }, config)
    const say = async (meta: unknown): Promise<unknown> => {
      server.answer = () => ({
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ n: 7, meta }),
      })
      const said = await strict.query('/stats n', io()).finally(() => (server.answer = answer))
      return said.kind === 'none' ? said.why : said.value
    }
    expect(await say({ status: 'Complete' })).toBe(7)
    for (const whole of [false, null, 0, '', [], {}])
      expect(await say({ status: 'Complete', partial: whole })).toBe(7)
    expect(await say({ status: 'Complete', partial: true })).toBe('a partial answer: meta.partial is true')
    expect(await say({ status: 'Complete', partial: ['shard 3'] })).toBe(
      'a partial answer: meta.partial is ["shard 3"]',
    )
    expect(await say({ status: 'PartialData' })).toBe(
      'a partial answer: meta.status is "PartialData", not "Complete"',
    )
    expect(await say({})).toBe('an answer that does not say whether it is whole: it has no meta.status')
  })

  it('turns each answer into the right kind, in words that say what to do', async () => {
    expect(await ask('/gone errors.ratio')).toBe('Config: read URL/gone: 404: nothing here')
    expect(await ask('errors.ratio')).toBe(
      'Rejected: not a query: write "/path dotted.path", not "errors.ratio"',
    )
    const say = async (reply: Reply): Promise<unknown> => {
      server.answer = () => reply
      return await ask('/stats errors.ratio').finally(() => (server.answer = answer))
    }
    expect(await say({ headers: { 'content-type': 'text/html' }, body: '<h1>Log in</h1>' })).toBe(
      'Config: read URL/stats: not JSON but text/html; url and path must lead to an endpoint of JSON',
    )
    expect(await say({ headers: { 'content-type': 'application/json' }, body: '{"err' })).toBe(
      'Unavailable: read URL/stats: the JSON is broken: {"err',
    )
    expect(await say({ status: 503, body: `busy ${TOKEN}` })).toBe(
      'Unavailable: read URL/stats: 503: busy [secret]',
    )
    expect(await say({ status: 302, headers: { location: '/login' } })).toBe(
      'Config: read URL/stats: 302: no reason given',
    )
  })
})
