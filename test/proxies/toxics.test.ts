// Every provider that is reached over TCP, over connections that are spoiled on purpose. Those of Kubernetes: test/kubernetes/toxics.test.ts.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, connect as dial } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../activities/failure.ts'
import { powerdns } from '../../activities/dns/powerdns/index.ts'
import { rfc2136 } from '../../activities/dns/rfc2136/index.ts'
import { httpJson } from '../../activities/metrics/http-json/index.ts'
import { prometheus } from '../../activities/metrics/prometheus/index.ts'
import { webhook } from '../../activities/notify/webhook/index.ts'
import { http } from '../../activities/probe/http/index.ts'
import { caddy } from '../../activities/traffic/caddy/index.ts'
import { envoy } from '../../activities/traffic/envoy/index.ts'
import { haproxy } from '../../activities/traffic/haproxy/index.ts'
import { startBind } from '../../lab/servers/bind.ts'
import { startCaddy } from '../../lab/servers/caddy.ts'
import { startEnvoy } from '../../lab/servers/envoy.ts'
import { startHaproxy } from '../../lab/servers/haproxy.ts'
import { startPowerdns } from '../../lab/servers/powerdns.ts'
import { startPrometheus } from '../../lab/servers/prometheus.ts'
import { type Spoiled, type Toxic, type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import { type ChangingBench, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import {
  START,
  TARGET,
  bindConfig,
  bindDeps,
  powerdnsConfig,
  powerdnsDeps,
} from '../contract/dns/zone-bench.ts'
import { type HttpServer, startHttpServer } from '../contract/http-server.ts'
import { connectMetrics } from '../contract/metrics/contract.ts'
import { connectNotify, notice } from '../contract/notify/contract.ts'
import { connectProbe } from '../contract/probe/contract.ts'
import { type Stand, losingByFetch, spoiledContract } from '../contract/spoiled.ts'
import * as nginxBench from '../contract/traffic/nginx-bench.ts'
import * as traefikBench from '../contract/traffic/traefik-bench.ts'

const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
const NOBODY = { old: 1, new: 1 } // no request is sent here
const SHARED = { target: 'split', value: { old: 75, new: 25 } }
const patched = ({ method }: { method: string }): boolean => method === 'PATCH'

const STANDS: Record<string, (own: number) => Promise<Stand>> = {
  'traffic/haproxy': async () => {
    const edge = await startHaproxy({ slots: { old: [1], new: [1] } })
    return {
      provider: haproxy as unknown as ChangingBench['provider'],
      config: (socket) => ({ socket, backend: 'orders', old: 'v1', new: 'v2' }),
      to: edge.tcp,
      deps: testDeps(),
      ...SHARED,
      end: () => edge.server.close(),
    }
  },
  'traffic/envoy': async () => {
    const edge = await startEnvoy(NOBODY)
    const original = readFileSync(edge.routesFile, 'utf8')
    return {
      provider: envoy as unknown as ChangingBench['provider'],
      config: (address) => ({
        routes: edge.routesFile,
        admin: `http://${address}`,
        route: 'orders',
        old: 'v1',
        new: 'v2',
      }),
      to: at(edge.adminUrl),
      deps: testDeps(),
      ...SHARED,
      losing: losingByFetch(() => readFileSync(edge.routesFile, 'utf8') !== original),
      end: () => edge.server.close(),
    }
  },
  'traffic/nginx': async () => {
    const { edge, deps, end } = await nginxBench.startStand()
    const original = nginxBench.read(edge)
    return {
      provider: nginxBench.provider,
      config: (address) => nginxBench.configOf(edge, { control: `http://${address}/cutover/orders` }),
      to: at(edge.controlUrl),
      deps,
      ...SHARED,
      losing: losingByFetch(() => nginxBench.read(edge) !== original),
      slowMs: 4, // asks some sixty questions for one look
      end,
    }
  },
  'traffic/traefik': async () => {
    const { edge, end } = await traefikBench.startStand()
    const original = traefikBench.read(edge)
    return {
      provider: traefikBench.provider,
      config: (address) => traefikBench.configOf(edge, { api: `http://${address}` }),
      to: at(edge.apiUrl),
      deps: testDeps(),
      ...SHARED,
      losing: losingByFetch(() => traefikBench.read(edge) !== original),
      end,
    }
  },
  'traffic/caddy': async (own) => {
    const edge = await startCaddy({ old: 1, new: 2, origins: [`127.0.0.1:${own}`] })
    const { handler, upstreams, log } = edge
    return {
      provider: caddy as unknown as ChangingBench['provider'],
      config: (address) => ({ admin: `http://${address}`, handler, ...upstreams, log }),
      to: at(edge.adminUrl),
      deps: testDeps(),
      ...SHARED,
      losing: losingByFetch(patched),
      lands: true,
      end: () => edge.server.close(),
    }
  },
  'dns/powerdns': async () => {
    const server = await startPowerdns(START)
    return {
      provider: powerdns as unknown as ChangingBench['provider'],
      config: (address) => ({ ...powerdnsConfig(server), url: `http://${address}` }),
      to: at(server.apiUrl),
      deps: powerdnsDeps(server),
      target: TARGET,
      value: { ttl: 7, values: ['192.0.2.7'] },
      losing: losingByFetch(patched),
      lands: true,
      end: () => server.server.close(),
    }
  },
  'dns/rfc2136': async (own) => {
    const bind = await startBind({ ...START, algorithm: 'hmac-sha256' })
    const deps = bindDeps(bind)
    const relay = await startDnsRelay(own, bind.dns)
    return {
      provider: rfc2136 as unknown as ChangingBench['provider'],
      config: (address) => ({ ...bindConfig(bind), server: address }),
      to: relay.tcp,
      deps,
      past: { config: bindConfig(bind), deps },
      target: TARGET,
      value: { ttl: 7, values: ['127.0.0.7'] },
      async losing(lose) {
        relay.before = lose
        return deps
      },
      lands: true,
      async end() {
        relay.end()
        await bind.server.close()
      },
    }
  },
}

interface DnsRelay {
  tcp: { host: string; port: number }
  /** What happens before the next UPDATE is passed on, once. */
  before: (() => Promise<void>) | null
  end(): void
}

const LENGTH_BYTES = 2 // RFC 1035, 4.2.2
const UPDATE = 5

/** An UPDATE that takes a record set away and adds values (RFC 2136, 2.2); the provider also sends trials, which take away one value. */
function isChange(message: Buffer): boolean {
  const header = message.subarray(LENGTH_BYTES)
  return (header.readUInt8(2) >> 3) % 16 === UPDATE && header.readUInt16BE(8) > 1
}

/** Between toxiproxy, which carries TCP alone, and a name server: datagrams to `udpPort`, and TCP. Knows an UPDATE when it sees one. */
async function startDnsRelay(udpPort: number, to: { host: string; port: number }): Promise<DnsRelay> {
  const datagrams = createSocket('udp4')
  datagrams.on('message', (question, from) => {
    const way = createSocket('udp4')
    way.on('error', () => way.close())
    way.once('message', (answer) => {
      datagrams.send(answer, from.port, from.address)
      way.close()
    })
    way.send(question, to.port, to.host)
  })
  datagrams.bind(udpPort, '127.0.0.1')
  const server = createServer((client) => {
    const upstream = dial(to)
    let passed = Promise.resolve()
    client.on('error', () => void passed.then(() => upstream.end()))
    upstream.on('error', () => client.destroy())
    client.on('data', (message: Buffer) => {
      const isUpdate = isChange(message)
      const { before } = relay
      if (isUpdate) relay.before = null
      passed = isUpdate && before !== null ? before() : Promise.resolve()
      void passed.then(() => upstream.write(message))
    })
    // Whoever asked may be gone already: what was sent arrives all the same.
    client.on('end', () => void passed.then(() => upstream.end()))
    upstream.pipe(client)
  }).listen(0, '127.0.0.1')
  const relay: DnsRelay = {
    tcp: { host: '127.0.0.1', port: 0 },
    before: null,
    end() {
      datagrams.close()
      server.close()
    },
  }
  await Promise.all([once(datagrams, 'listening'), once(server, 'listening')])
  relay.tcp.port = (server.address() as AddressInfo).port
  return relay
}

let toxiproxy: Toxiproxy
beforeAll(async () => void (toxiproxy = await startToxiproxy()))
afterAll(() => toxiproxy?.server.close())

for (const [name, open] of Object.entries(STANDS))
  spoiledContract(name, open, {
    toxiproxy: () => toxiproxy,
    // A look and a write are connections of one kind: outcomes of its socket are in haproxy-socket.test.ts.
    without: name === 'traffic/haproxy' ? ['lost answers'] : [],
  })

/** Nothing that could be mistaken for an answer comes over these. */
const BROKEN: Toxic['type'][] = ['blackhole', 'reset', 'lost answer', 'down']

describe('who only asks or tells, over a connection that is spoiled', () => {
  let service: HttpServer
  let server: Awaited<ReturnType<typeof startPrometheus>>
  let ways: { service: Spoiled; prometheus: Spoiled }
  const url = ({ host, port }: Spoiled): string => `http://${host}:${port}`
  const asked = { provider: prometheus, deps: testDeps() }

  beforeAll(async () => {
    service = await startHttpServer(() => ({
      headers: { 'content-type': 'application/json' },
      body: '{"errors":0.004}',
    }))
    server = await startPrometheus({ scrape: [] })
    const before = (name: string, to: string) => toxiproxy.before(name, at(to))
    ways = {
      service: await before('service', service.url),
      prometheus: await before('prometheus', server.url),
    }
  })
  afterAll(async () => {
    await server?.server.close()
    await service?.end()
  })

  const metrics = {
    'metrics/prometheus': () => ({
      way: ways.prometheus,
      query: async () =>
        await connectMetrics(asked, { url: url(ways.prometheus), timeout: '800ms' }).query(
          'sum(vector(42))',
          io(),
        ),
      value: 42,
    }),
    'metrics/http-json': () => ({
      way: ways.service,
      query: async () =>
        await connectMetrics(
          { provider: httpJson, deps: testDeps() },
          { url: url(ways.service), timeout: '800ms' },
        ).query('/stats errors', io()),
      value: 0.004,
    }),
  }

  it.each(Object.entries(metrics))(
    '%s: no number is made of silence, and it is back with the connection',
    async (_, of) => {
      const { way, query, value } = of()
      await way.spoil({ type: 'latency', milliseconds: 20 })
      expect(await query()).toMatchObject({ kind: 'value', value })
      await way.heal()
      for (const type of BROKEN) {
        await way.spoil({ type } as Toxic)
        expect([type, await query().catch(kindOf)]).toEqual([type, 'Unavailable'])
        await way.heal()
      }
      expect(await query()).toMatchObject({ kind: 'value', value })
    },
  )

  it('probe/http: an answer that does not come is not good, and has no status', async () => {
    const way = ways.service
    const port = connectProbe({ provider: http, deps: testDeps() }, { url: url(way), timeout: '800ms' })
    const ask = () =>
      port.probe({ name: 'ready', method: 'GET', path: '/', expect: { status: 200 }, deep: false }, io())
    expect(await ask()).toMatchObject({ good: true })
    for (const type of BROKEN) {
      await way.spoil({ type } as Toxic)
      expect([type, await ask()]).toMatchObject([type, { good: false, status: null }])
      await way.heal()
    }
    expect(await ask()).toMatchObject({ good: true })
  })

  it('notify/webhook: a notice whose answer is lost is sent again under the same key', async () => {
    const way = ways.service
    const config = { url: `${url(way)}/hook`, timeout: '800ms' }
    const port = connectNotify({ provider: webhook, deps: testDeps() }, config)
    const send = () => port.send(notice('gate-1'), io())
    const keys = () =>
      service.received.flatMap(({ path, headers }) => (path === '/hook' ? [headers['idempotency-key']] : []))
    for (const type of BROKEN.filter((each) => each !== 'lost answer')) {
      await way.spoil({ type } as Toxic)
      expect([type, await send().catch(kindOf)]).toEqual([type, 'Unavailable'])
      await way.heal()
    }
    expect(keys(), 'nothing has arrived').toEqual([])
    await way.spoil({ type: 'lost answer' })
    expect(await send().catch(kindOf)).toBe('Unavailable')
    await way.heal()
    await send()
    expect(keys()).toEqual(['gate-1', 'gate-1'])
  })
})
