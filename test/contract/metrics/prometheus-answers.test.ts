// What a real Prometheus answers to the queries that runbooks should hold, on a healthy service, on an idle one and in an
// outage; and what it answers when a store behind it is away.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prometheus } from '../../../activities/metrics/prometheus/index.ts'
import { freePort } from '../../../lab/ports.ts'
import { type Prometheus, startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { MetricsPort } from '../../../workflows/ports/metrics.ts'
import { io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type HttpServer, startHttpServer } from '../http-server.ts'
import { connectMetrics } from './contract.ts'

const PER_SCRAPE = 5

/** The new side is asked and never fails, the old one is asked no more; neither has a series of failures. */
function startService(): Promise<HttpServer> {
  let served = 0
  return startHttpServer(() => {
    served += PER_SCRAPE
    const lines = [
      '# TYPE http_requests_total counter',
      `http_requests_total{side="new",status="200"} ${served}`,
      'http_requests_total{side="old",status="200"} 30',
      '',
    ]
    return { headers: { 'content-type': 'text/plain' }, body: lines.join('\n') }
  })
}

describe('a real Prometheus', () => {
  const servers: { stop(): Promise<void> }[] = []
  let service: HttpServer
  let whole: MetricsPort
  let partial: MetricsPort

  beforeAll(async () => {
    service = await startService()
    const scrape = [{ job: 'app', targets: [new URL(service.url).host] }]
    const away = `http://127.0.0.1:${await freePort()}/read`
    const started = await Promise.all([
      startPrometheus({ scrape }),
      startPrometheus({ scrape, remoteRead: away }),
    ])
    servers.push(...started.map(({ server }) => server))
    const [one, other] = started.map(connected) as [MetricsPort, MetricsPort]
    whole = one
    partial = other
    await until('there is a rate', async () => (await whole.query(rate('new'), io())).kind === 'value')
  })
  afterAll(async () => {
    for (const server of servers) await server.stop()
    await service?.end()
  })

  const connected = ({ url }: Prometheus) =>
    connectMetrics({ provider: prometheus, deps: testDeps() }, { url })
  const rate = (side: string) => `sum(rate(http_requests_total{side="${side}"}[5s]))`
  const failing = (side: string) => `sum(rate(http_requests_total{side="${side}",status=~"5.."}[5s]))`
  const naive = (side: string) => `${failing(side)} / ${rate(side)}`
  const right = (side: string) => `(${failing(side)} or 0 * ${rate(side)}) / ${rate(side)}`
  const answer = async (query: string): Promise<number | string> => {
    const said = await whole.query(query, io())
    return said.kind === 'value' ? said.value : said.why
  }

  it('says 0 for a healthy service that has no series of failures, by the form with "or 0 *" alone', async () => {
    expect(await answer(naive('new'))).toBe('no series matched')
    expect(await answer(right('new'))).toBe(0)
  })

  it('says nothing where nobody asks, and in an outage: no zero comes from nowhere', async () => {
    expect(await answer(right('old'))).toBe('NaN: 0/0')
    expect(await answer(right('gone'))).toBe('no series matched')
  })

  it('says that its answer is partial while a store behind it is away', async () => {
    await until('it has read its own part', async () => {
      const said = await partial.query(rate('new'), io())
      return said.kind === 'none' && /the part that came says \d/.test(said.why)
    })
    expect(await partial.query(rate('new'), io())).toMatchObject({
      kind: 'none',
      why: expect.stringMatching(/^a partial answer: .*connection refused/),
    })
  })
})
