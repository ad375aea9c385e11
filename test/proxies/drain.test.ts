// A drain behind edges that cannot count: the side says itself what it has in flight, a real Prometheus tells it, and what NGINX and
// Traefik have not finished is seen until it ends, also by users who were led away.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prometheus } from '../../activities/metrics/prometheus/index.ts'
import { readSubject } from '../../activities/watch/read-subject.ts'
import { startNginx } from '../../lab/servers/nginx.ts'
import { startPrometheus } from '../../lab/servers/prometheus.ts'
import { startTraefik } from '../../lab/servers/traefik.ts'
import { until } from '../../lab/until.ts'
import type { PlannedConnection } from '../../workflows/plan.ts'
import { inFlightGuard } from '../../workflows/steps/drain/kind.ts'
import { Drain } from '../../workflows/steps/drain/schema.ts'
import { proofSubject } from '../../workflows/watched/proof.ts'
import { type ChangingBench, connect, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import { connectMetrics } from '../contract/metrics/contract.ts'
import * as nginxBench from '../contract/traffic/nginx-bench.ts'
import * as traefikBench from '../contract/traffic/traefik-bench.ts'

/** Keeps `/slow` until it is let go, and says how much it has in flight. */
async function startSide(side: 'old' | 'new') {
  const held: (() => void)[] = []
  let inFlight = 0
  const server = createServer((request, response) => {
    if (request.url === '/metrics') return void response.end(`in_flight{side="${side}"} ${inFlight}\n`)
    inFlight += 1
    response.once('close', () => (inFlight -= 1))
    response.setHeader('x-side', side)
    if (request.url === '/slow') held.push(() => void response.end('ok'))
    else response.end('ok')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    letGo: () => held.splice(0).forEach((answer) => answer()),
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Edge = { url: string; provider: ChangingBench['provider']; config: object; end(): Promise<void> }

const EDGES: Record<string, (ports: { old: number; new: number }) => Promise<Edge & { folder?: string }>> = {
  'traffic/nginx': async (ports) => {
    const edge = await startNginx(ports)
    const { url, commandFolder: folder } = edge
    const config = nginxBench.configOf(edge)
    return { url, folder, provider: nginxBench.provider, config, end: () => edge.server.close() }
  },
  'traffic/traefik': async (ports) => {
    const edge = await startTraefik(ports)
    const config = traefikBench.configOf(edge)
    return { url: edge.url, provider: traefikBench.provider, config, end: () => edge.server.close() }
  },
}

const { in_flight: counted, ...spec } = Drain.parse({
  connection: 'edge',
  in_flight: { from: 'prom', query: 'sum(in_flight{side="$side"})' },
})
const subject = proofSubject(inFlightGuard(spec, counted!), {} as PlannedConnection, 0)

describe.each(Object.entries(EDGES))('%s, drained by a query', (_, open) => {
  const sides: Awaited<ReturnType<typeof startSide>>[] = []
  let edge: Awaited<ReturnType<typeof open>>
  let server: Awaited<ReturnType<typeof startPrometheus>>

  beforeAll(async () => {
    sides.push(await startSide('old'), await startSide('new'))
    const [old, fresh] = sides.map(({ port }) => port) as [number, number]
    edge = await open({ old, new: fresh })
    server = await startPrometheus({
      scrape: [{ job: 'app', targets: [`127.0.0.1:${old}`, `127.0.0.1:${fresh}`] }],
    })
  })
  afterAll(async () => {
    await server?.server.close()
    await edge?.end()
    await Promise.all(sides.map((side) => side.end()))
  })

  it('is not over while a request of a user who was led away goes on, nor while nobody tells', async () => {
    const port = connect(
      edge.provider,
      edge.config as never,
      testDeps({ commandFolder: edge.folder ?? null }),
    )
    const metrics = connectMetrics({ provider: prometheus, deps: testDeps() }, { url: server.url })
    const asking = {
      portOf: () => metrics as never,
      changingOf: () => port as never,
      redact: (text: string) => text,
      deadlineMs: 4_000,
    }
    const look = () => readSubject(subject, asking, { ...io(), at: new Date().toISOString() })
    const verdict = (wanted: string) =>
      until(`it is ${wanted}`, async () => (await look()).verdict === wanted)

    await verdict('good')
    const slow = [1, 2].map(() => fetch(`${edge.url}/slow`).then((answer) => answer.headers.get('x-side')))
    await verdict('bad')
    const seen = await port.observe('split', io())
    await port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io())
    await until('new users are on the new side', async () => {
      return (await fetch(edge.url)).headers.get('x-side') === 'new'
    })
    expect(await look()).toMatchObject({ verdict: 'bad', value: 2 })
    sides[0]?.letGo()
    expect(await Promise.all(slow)).toEqual(['old', 'old'])
    await verdict('good')
    await server.server.stop()
    expect(await look()).toMatchObject({ verdict: 'unknown', value: null })
  })
})
