// traffic/envoy and what it goes by besides the weights of a route: counters that are called otherwise than their cluster, or hold two of
// them, a cohort's cluster that is drained with its side, and mirrors that a route inherits.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { TrafficPort } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type SlowUpstream, startSlowUpstream } from './in-flight.ts'
import { type OwnEnvoy, startOwnEnvoy } from './own-envoy.ts'

type Host = { request_mirror_policies?: Json; routes: Json }
type Routes = { resources: { request_mirror_policies?: Json; virtual_hosts: Host[] }[] }

describe('traffic/envoy', () => {
  let upstream: SlowUpstream
  let lab: Envoy

  beforeAll(async () => {
    upstream = await startSlowUpstream()
    lab = await startEnvoy({ old: upstream.port, new: upstream.port })
  })
  afterAll(async () => {
    await lab.server.close()
    await upstream.end()
  })

  const cluster = (name: string, more: JsonObject = {}) => ({
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    ...more,
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            {
              endpoint: {
                address: { socket_address: { address: '127.0.0.1', port_value: upstream.port } },
              },
            },
          ],
        },
      ],
    },
  })

  /** An Envoy with these clusters, and a route `orders` that a run moves from `old` to `new`. */
  async function withEnvoy(
    of: {
      clusters: object[]
      config: { old: string; new: string } & JsonObject
      edit?: (routes: Routes) => void
    },
    work: (port: TrafficPort, own: OwnEnvoy) => Promise<void>,
  ): Promise<void> {
    const routes = JSON.parse(readFileSync(lab.routesFile, 'utf8')) as Routes
    const clusters = [
      { name: of.config.old, weight: 100 },
      { name: of.config.new, weight: 0 },
    ]
    routes.resources[0]!.virtual_hosts[0]!.routes = [
      { name: 'orders', match: { prefix: '/' }, route: { timeout: '30s', weighted_clusters: { clusters } } },
    ]
    of.edit?.(routes)
    const own = await startOwnEnvoy(lab, { routes: JSON.stringify(routes), clusters: of.clusters })
    const config = { routes: own.routesFile, admin: own.adminUrl, route: 'orders', ...of.config }
    const port = connect(envoy as unknown as ChangingBench['provider'], config, testDeps())
    try {
      await until('it serves', async () => (await fetch(own.url)).ok)
      await work(port as unknown as TrafficPort, own)
    } finally {
      await own.server.close()
    }
  }

  const ask = async ({ url }: OwnEnvoy, path = '/', headers: Record<string, string> = {}) =>
    await (await fetch(`${url}${path}`, { headers })).text()
  const SPLIT = { target: 'split', desired: { old: 100, new: 0 }, options: { samples: 3, tolerance: 1 } }

  it.each([
    ['by a name with colons', '10.0.0.1:80', {}],
    ['by another name', 'monolith', { alt_stat_name: 'orders:old' }],
  ])('finds what is counted %s', async (_, old, more: JsonObject) => {
    const config = { old, new: 'v2' }
    await withEnvoy({ clusters: [cluster(old, more)], config }, async (port, own) => {
      const first = await port.confirm!(SPLIT, io())
      const slow = [ask(own, '/slow'), ask(own, '/slow')]
      await until('both are in flight', async () => (await port.inFlight!('old', io())).count === 2)
      expect(await port.inFlight!('new', io())).toMatchObject({ count: 0 })
      upstream.letGo()
      await Promise.all([...slow, ask(own), ask(own)])
      expect(await port.confirm!({ ...SPLIT, memory: first.memory! }, io())).toMatchObject({ settled: true })
    })
  })

  it('proves nothing, and drains nothing, where both sides stand in one counter', async () => {
    const both = { alt_stat_name: 'orders' }
    const clusters = [cluster('one', both), cluster('two', both)]
    await withEnvoy({ clusters, config: { old: 'one', new: 'two' } }, async (port) => {
      for (const asking of [
        () => port.confirm!(SPLIT, io()),
        () => port.inFlight!('old', io()),
        () => port.observe('split', io(), [SPLIT.desired]),
      ]) {
        const said = await asking().catch((error: unknown) => error as Error)
        expect(kindOf(said)).toBe('Config')
        expect((said as Error).message).toMatch(
          /counts clusters one and two together, as orders; .*alt_stat_name/,
        )
      }
    })
  })

  it('counts what members have in flight with the side that they were led to', async () => {
    const clusters = [cluster('v2-cohort')]
    const config = { old: 'v1', new: 'v2', cohort: { header: 'x-tenant', to: 'v2-cohort' } }
    await withEnvoy({ clusters, config }, async (port, own) => {
      const seen = await port.observe('cohort', io())
      await port.write({ target: 'cohort', desired: { users: ['acme'] }, seen } as never, io())
      const slow = ask(own, '/slow', { 'x-tenant': 'acme' })
      await until('it is in flight', async () => (await port.inFlight!('new', io())).count === 1)
      expect(await port.inFlight!('new', io())).toEqual({ count: 1, lines: ['v2 0', 'v2-cohort 1'] })
      expect(await port.inFlight!('old', io())).toMatchObject({ count: 0 })
      upstream.letGo()
      await slow
    })
  })

  it.each(['virtual host', 'route configuration'])(
    'takes no mirror for its own that a route inherits from its %s',
    async (of) => {
      const clusters = [cluster('audit')]
      const policies = [
        { cluster: 'audit' },
        { cluster: 'shadow', runtime_fraction: { default_value: { numerator: 20 } } },
      ]
      const edit = (routes: Routes) => {
        const [resource] = routes.resources
        const holder = of === 'virtual host' ? resource!.virtual_hosts[0]! : resource!
        holder.request_mirror_policies = policies
      }
      const config = { old: 'v1', new: 'v2', shadow: 'shadow' }
      await withEnvoy({ clusters, config, edit }, async (port, own) => {
        const before = readFileSync(own.routesFile, 'utf8')
        const seen = await port.observe('mirror', io())
        expect(seen.value, 'what is copied there now').toEqual({ percent: 20 })
        const desired = { percent: 50 }
        for (const asking of [
          () => port.observe('mirror', io(), [desired]),
          () => port.write({ target: 'mirror', desired, seen }, io()),
        ]) {
          const said = await asking().catch((error: unknown) => error as Error)
          expect(kindOf(said)).toBe('Config')
          expect((said as Error).message).toMatch(
            /mirrors to audit, shadow by its virtual host.*write those into the route/,
          )
        }
        expect(readFileSync(own.routesFile, 'utf8')).toBe(before)
      })
    },
  )
})
