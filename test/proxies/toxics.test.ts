// Connections between a provider and its backend that are slow, mute, reset, refused, or lose their answers: each failure is of the
// right kind and changes nothing by itself, and what a lost answer left open is found by reading back.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { restoreTo } from '../../activities/change/restore.ts'
import { kindOf } from '../../activities/failure.ts'
import { powerdns } from '../../activities/dns/powerdns/index.ts'
import { caddy } from '../../activities/traffic/caddy/index.ts'
import { envoy } from '../../activities/traffic/envoy/index.ts'
import { haproxy } from '../../activities/traffic/haproxy/index.ts'
import { freePort } from '../../lab/ports.ts'
import { startCaddy } from '../../lab/servers/caddy.ts'
import { startEnvoy } from '../../lab/servers/envoy.ts'
import { startHaproxy } from '../../lab/servers/haproxy.ts'
import { startPowerdns } from '../../lab/servers/powerdns.ts'
import { type Spoiled, type Toxiproxy, startToxiproxy } from '../../lab/servers/toxiproxy.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { Changing } from '../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../contract/changing.ts'
import { type TestDeps, testDeps } from '../contract/deps.ts'
import { START, TARGET, powerdnsConfig, powerdnsDeps } from '../contract/dns/zone-bench.ts'
import * as nginxBench from '../contract/traffic/nginx-bench.ts'
import * as traefikBench from '../contract/traffic/traefik-bench.ts'

const SILENCE_MS = 800 // a call to a backend that does not answer: enough to be sure it was tried
const SLOW_MS = 20
/** Asks some sixty questions for one look. */
const SLOW_MS_OF: Record<string, number> = { 'traffic/nginx': 4 }
/** Its writes are no HTTP: outcomes of its socket are in haproxy-socket.test.ts. */
const WITHOUT_HTTP = ['traffic/haproxy']
const FOLLOWS_MS = 10_000 // throttles and reloads

interface Stand {
  provider: ChangingBench['provider']
  /** With the address that is spoiled, and past it. */
  config(address: string): JsonObject
  to: { host: string; port: number }
  deps: TestDeps
  target: string
  value: Json
  /** A request of a write whose answer is lost, and all after it. */
  loses?: (request: { method: string }) => boolean
  /** The lost answer was to the write itself, which was done. */
  lands?: true
  end(): Promise<void>
}

const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) })
const NOBODY = { old: 1, new: 1 } // no request is sent here
const SHARED = { target: 'split', value: { old: 75, new: 25 } }
const patched = ({ method }: { method: string }): boolean => method === 'PATCH'

/** `own`: the port of the spoiled address, for servers that must know it. */
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
      loses: () => readFileSync(edge.routesFile, 'utf8') !== original,
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
      loses: () => nginxBench.read(edge) !== original,
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
      loses: () => traefikBench.read(edge) !== original,
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
      loses: patched,
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
      loses: patched,
      lands: true,
      end: () => server.server.close(),
    }
  },
}

let toxiproxy: Toxiproxy
beforeAll(async () => void (toxiproxy = await startToxiproxy()))
afterAll(() => toxiproxy?.server.close())

describe.each(Object.entries(STANDS))('%s', (name, open) => {
  let stand: Stand
  let way: Spoiled
  let port: Changing
  /** Past what is spoiled. */
  let world: Changing
  let start: Json

  beforeAll(async () => {
    const own = await freePort()
    stand = await open(own)
    way = await toxiproxy.before(name.replace('/', '-'), stand.to, own)
    port = connect(stand.provider, stand.config(`${way.host}:${way.port}`), stand.deps)
    world = connect(stand.provider, stand.config(`${stand.to.host}:${stand.to.port}`), stand.deps)
    start = (await world.observe(stand.target, io())).value
  })
  afterAll(async () => {
    await way?.heal()
    await stand?.end()
  })

  const apply = (by: Changing, more: { isRepeated?: boolean } = {}) =>
    applyTo(
      by,
      {
        target: stand.target,
        desired: stand.value,
        expected: start,
        portName: stand.provider.spec.port,
        ...more,
      },
      io(),
    )
  const restored = () =>
    expect
      .poll(
        async () => {
          const request = {
            target: stand.target,
            before: start,
            ours: [stand.value],
            halves: [[start, stand.value] as [Json, Json]],
            isUncertain: false,
            isRepeated: true,
            portName: stand.provider.spec.port,
          }
          await restoreTo(port, request, io()).catch(() => null) // the next try looks again
          const { value, elsewhere } = await world.observe(stand.target, io())
          return { value, elsewhere }
        },
        { timeout: FOLLOWS_MS },
      )
      .toEqual({ value: start, elsewhere: undefined })

  it('works over a slow connection', async () => {
    await way.spoil({ type: 'latency', milliseconds: SLOW_MS_OF[name] ?? SLOW_MS })
    expect(await apply(port)).toMatchObject({ written: 'written', readBack: 'match' })
    await way.heal()
    await restored()
  })

  it.each(['blackhole', 'reset', 'down'] as const)(
    '%s: is Unavailable, and nothing has changed',
    async (type) => {
      await way.spoil({ type })
      try {
        const signal = () => ({ signal: AbortSignal.timeout(SILENCE_MS) })
        expect(kindOf(await port.observe(stand.target, signal()).catch((error: unknown) => error))).toBe(
          'Unavailable',
        )
        const seen = await world.observe(stand.target, io())
        const write = { target: stand.target, desired: stand.value, seen }
        expect(kindOf(await port.write(write, signal()).catch((error: unknown) => error))).toBe('Unavailable')
        expect((await world.observe(stand.target, io())).value).toEqual(start)
      } finally {
        await way.heal()
      }
      await expect
        .poll(async () => (await port.observe(stand.target, io()).catch(() => null))?.value)
        .toEqual(start)
      expect(await apply(port)).toMatchObject({ readBack: 'match' })
      await restored()
    },
  )

  const lost =
    'an answer that is lost in the middle of a write is no outcome: reading back tells, and the same again is one write'
  const whenLost = async () => {
    const { loses, lands } = stand
    let isLost = false
    const losing: typeof fetch = async (input, init) => {
      if (!isLost && loses?.({ method: init?.method ?? 'GET' })) {
        isLost = true
        await way.spoil({ type: 'lost answer' })
      }
      return await fetch(input, init)
    }
    const config = stand.config(`${way.host}:${way.port}`)
    const unlucky = connect(stand.provider, config, { ...stand.deps, fetch: losing })
    try {
      const answer = await apply(unlucky).catch((error: unknown) => error)
      expect(isLost, 'the answer was lost').toBe(true)
      const said = answer instanceof Error ? kindOf(answer) : (answer as { readBack: string }).readBack
      expect(['Unavailable', 'unknown']).toContain(said)
    } finally {
      await way.heal()
    }
    if (lands === true)
      expect((await world.observe(stand.target, io())).value).toMatchObject(stand.value as JsonObject)
    await expect
      .poll(async () => (await apply(port, { isRepeated: true }).catch(() => null))?.readBack, {
        timeout: FOLLOWS_MS,
      })
      .toBe('match')
    expect(await apply(port, { isRepeated: true })).toMatchObject({ written: 'unchanged' })
    expect((await world.observe(stand.target, io())).value).toMatchObject(stand.value as JsonObject)
    await restored()
  }
  if (!WITHOUT_HTTP.includes(name)) it(lost, whenLost)
})
