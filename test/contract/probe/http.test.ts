// probe/http against a small service that answers well, badly, late, shallowly and not at all.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { http } from '../../../activities/probe/http/index.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { ProbeRequest } from '../../../workflows/ports/probe.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type HttpServer, type Received, type Reply, startHttpServer } from '../http-server.ts'
import { connectProbe, probeContract } from './contract.ts'

const KEY = 'probekey-77ac10'
const DEEP = { status: 'ok', checks: { database: { status: 'up' }, queue: 'up' }, lag: [4, 2] }

function answer({ path, headers, method, body }: Received): Reply | null {
  if (path === '/ready') return { body: JSON.stringify(DEEP) }
  if (path === '/live') return { body: '{"status":"ok","version":"1.4.2"}' }
  if (path === '/moved') return { status: 302, headers: { location: '/ready' } }
  if (path === '/down') return { status: 503, body: `no database (you are ${headers['x-api-key']})` }
  if (path === '/host') return { body: JSON.stringify({ host_seen: headers.host }) }
  if (path === '/echo') return { body: JSON.stringify({ method, sent: body, type: headers['content-type'] }) }
  if (path === '/large') return { body: 'x'.repeat(2_000_000) }
  return null
}

function request(path: string, changes: Partial<ProbeRequest> = {}): ProbeRequest {
  return { name: 'ready', method: 'GET', path, expect: { status: 200 }, deep: false, ...changes }
}

probeContract('probe/http', async () => {
  let isSilent = false
  const server = await startHttpServer((received) => (isSilent ? null : answer(received)))
  return {
    provider: http,
    config: { url: server.url, headers: { 'X-Api-Key': 'env:KEY' }, timeout: '500ms' },
    deps: testDeps({ secrets: { 'env:KEY': KEY } }),
    good: request('/ready', {
      deep: true,
      expect: { status: 200, json: { 'checks.database.status': 'up' } },
    }),
    shallow: request('/live'),
    bad: request('/down', { expect: { status: 200, contains: 'fine' } }),
    async outage() {
      isSilent = true
      return { end: async () => void (isSilent = false) }
    },
    secrets: [KEY],
    end: () => server.end(),
  }
})

describe('probe/http', () => {
  let server: HttpServer
  beforeAll(async () => {
    server = await startHttpServer(answer)
  })
  afterAll(() => server.end())

  const probe = (asked: ProbeRequest, config: JsonObject = {}) =>
    connectProbe(
      { provider: http, deps: testDeps({ secrets: { 'env:KEY': KEY } }) },
      { url: server.url, ...config },
    ).probe(asked, io())
  const problems = async (asked: ProbeRequest, config: JsonObject = {}) =>
    (await probe(asked, config)).problems

  it('has one line per problem, all of them', async () => {
    const json = { 'checks.database.status': 'down', 'checks.queue': 'up', 'checks.cache': 'up', 'lag.1': 3 }
    expect(await problems(request('/ready', { expect: { status: 204, contains: 'green', json } }))).toEqual([
      'status: expected 204, came 200',
      `body: expected to contain "green", came ${JSON.stringify(JSON.stringify(DEEP))}`,
      'checks.database.status: expected "down", came "up"',
      'checks.cache: expected "up", not in the answer',
      'lag.1: expected 3, came 2',
    ])
    expect(
      await problems(request('/down', { expect: { status: 503, json: { a: 1 } } }), {
        headers: { 'X-Api-Key': 'env:KEY' },
      }),
    ).toEqual(['body: expected JSON, came "no database (you are [secret])"'])
  })

  it('follows no redirect and says where it led', async () => {
    expect(await problems(request('/moved'))).toEqual(['status: expected 200, came 302 to "/ready"'])
  })

  it('says that no answer came in time', async () => {
    expect(await problems(request('/never'), { timeout: '100ms' })).toEqual([
      'no answer: no answer within 100 ms',
    ])
  })

  it('says that nothing listens', async () => {
    const gone = await startHttpServer(() => null)
    await gone.end()
    expect(await problems(request('/ready'), { url: gone.url })).toEqual([
      'no answer: connection refused: nothing listens there',
    ])
  })

  it('asks as its users do: under their host name, with a body, behind a path', async () => {
    const host = { status: 200, json: { host_seen: 'orders.example.com' } }
    expect(await problems(request('/host', { expect: host }), { host: 'orders.example.com' })).toEqual([])
    const sent = { status: 200, json: { method: 'POST', sent: '{"sku":1}', type: 'application/json' } }
    expect(await problems(request('/echo', { method: 'POST', body: { sku: 1 }, expect: sent }))).toEqual([])
    expect(await problems(request('/echo'), { url: `${server.url}/` })).toEqual([])
    expect(await problems(request('/large'))).toEqual([])
    expect(await problems(request('/ready', { method: 'HEAD', deep: true }))).toHaveLength(1)
  })

  it('refuses a path that would lead elsewhere', async () => {
    await expect(probe(request('@elsewhere.example/'))).rejects.toMatchObject({
      type: 'Config',
      message: 'probe ready: path "@elsewhere.example/" must start with / and be written as in a URL',
    })
  })
})
