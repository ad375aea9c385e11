// Requests in flight on real servers, by every provider that can count them.
import { describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import { caddy } from '../../../activities/traffic/caddy/index.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { startCaddy } from '../../../lab/servers/caddy.ts'
import { startEnvoy } from '../../../lab/servers/envoy.ts'
import { startHaproxy } from '../../../lab/servers/haproxy.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { TrafficPort } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { inFlightContract, startSlowUpstream } from './in-flight.ts'
import { startOwnHaproxy } from './own-haproxy.ts'
import { startUpstream } from './upstream.ts'

const open = (provider: unknown, config: JsonObject) =>
  connect(provider as ChangingBench['provider'], config, testDeps()) as unknown as TrafficPort

inFlightContract('traffic/haproxy', async (upstreams) => {
  const edge = await startHaproxy({ slots: { old: [upstreams.old.port], new: [upstreams.new.port] } })
  const config = { socket: edge.socket, backend: 'orders', old: 'v1', new: 'v2' }
  return {
    port: open(haproxy, config),
    url: edge.url,
    wrong: open(haproxy, { ...config, old: 'v9' }),
    outage: () => freeze(edge.server.pid),
    end: () => edge.server.close(),
  }
})

inFlightContract('traffic/haproxy through the master CLI', async (upstreams) => {
  const edge = await startOwnHaproxy(
    `  server v1 127.0.0.1:${upstreams.old.port} weight 100
  server v2 127.0.0.1:${upstreams.new.port} weight 0`,
  )
  const config = { socket: edge.masterSocket, master: true, backend: 'bk', old: 'v1', new: 'v2' }
  return {
    port: open(haproxy, config),
    url: edge.url,
    wrong: open(haproxy, { ...config, old: 'v9' }),
    outage: () => freeze(edge.server.pid),
    reload: () => edge.reload(),
    end: () => edge.server.close(),
  }
})

describe('traffic/haproxy', () => {
  it('counts what waits for a server: a cookie leads it there whatever the weight has become', async () => {
    const upstream = await startSlowUpstream()
    const edge = await startOwnHaproxy(
      `  cookie SIDE insert
  server v1 127.0.0.1:${upstream.port} weight 100 cookie old maxconn 1
  server v2 127.0.0.1:${upstream.port} weight 0 cookie new`,
    )
    const port = open(haproxy, { socket: edge.socket, backend: 'bk', old: 'v1', new: 'v2' })
    const headers = { cookie: 'SIDE=old' }
    try {
      const asked = [1, 2, 3].map(() => fetch(`${edge.url}/slow`, { headers }).then((each) => each.text()))
      await until('all of them are counted', async () => (await port.inFlight!('old', io())).count === 3)
      const { value } = await port.observe('split', io())
      await applyTo(port, { target: 'split', desired: { old: 0, new: 100 }, expected: value }, io())
      expect(await port.inFlight!('old', io())).toEqual({ count: 3, lines: ['v1 1, 2 in its queue'] })
      expect(await port.inFlight!('new', io())).toEqual({ count: 0, lines: ['v2 0'] })
      await until('each was let go', async () => {
        upstream.letGo()
        return (await port.inFlight!('old', io())).count === 0
      })
      await Promise.all(asked)
    } finally {
      await edge.server.close()
      await upstream.end()
    }
  })
})

inFlightContract('traffic/envoy', async (upstreams) => {
  const edge = await startEnvoy({ old: upstreams.old.port, new: upstreams.new.port })
  const config = { routes: edge.routesFile, admin: edge.adminUrl, route: 'orders', old: 'v1', new: 'v2' }
  return {
    port: open(envoy, config),
    url: edge.url,
    wrong: open(envoy, { ...config, old: 'v9' }),
    outage: () => freeze(edge.server.pid),
    end: () => edge.server.close(),
  }
})

describe('traffic/caddy', () => {
  it('takes no answer without counts for a side that is empty', async () => {
    const upstreams = await Promise.all(['old', 'new'].map(startUpstream))
    const [old = 0, fresh = 0] = upstreams.map(({ port }) => port)
    const edge = await startCaddy({ old, new: fresh })
    const answered = async (status: number, body: string) => {
      const between: typeof fetch = async (input, init) =>
        String(input).endsWith('/reverse_proxy/upstreams')
          ? new Response(body, { status })
          : await fetch(input, init)
      const config = { admin: edge.adminUrl, handler: edge.handler, ...edge.upstreams, log: edge.log }
      const port = connect(caddy as unknown as ChangingBench['provider'], config, {
        ...testDeps(),
        fetch: between,
      }) as unknown as TrafficPort
      return await port.inFlight!('old', io()).then(({ count }) => count, kindOf)
    }
    const listed = (count: unknown) =>
      JSON.stringify([{ address: `127.0.0.1:${old}`, num_requests: count, fails: 0 }])
    try {
      expect(await answered(200, listed(7))).toBe(7)
      expect(await answered(503, 'upstream connect error')).toBe('Unavailable')
      expect(await answered(403, '{"error":"host not allowed"}')).toBe('Denied')
      expect(await answered(404, 'not found')).toBe('Config')
      expect(await answered(200, '{}')).toBe('Config')
      expect(await answered(200, listed(undefined)), 'an entry without a count').toBe('Config')
      expect(await answered(200, '[]'), 'an upstream that is not in the list').toBe('Missing')
    } finally {
      await edge.server.close()
      await Promise.all(upstreams.map((upstream) => upstream.end()))
    }
  })
})

inFlightContract('traffic/caddy', async (upstreams) => {
  const edge = await startCaddy({ old: upstreams.old.port, new: upstreams.new.port })
  const config = { admin: edge.adminUrl, handler: edge.handler, ...edge.upstreams, log: edge.log }
  return {
    port: open(caddy, config),
    url: edge.url,
    wrong: open(caddy, { ...config, old: '127.0.0.1:1' }),
    outage: () => freeze(edge.server.pid),
    end: () => edge.server.close(),
  }
})
