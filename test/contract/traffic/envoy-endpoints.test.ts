// traffic/envoy and the endpoints behind a cluster: a share of the cluster is not proven while one of them was given nothing.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { type OwnEnvoy, startOwnEnvoy } from './own-envoy.ts'
import { type Upstream, sendLoad, startUpstream } from './upstream.ts'

const desired = { old: 100, new: 0 }

let upstreams: Upstream[]
let lab: Envoy
let own: OwnEnvoy
let port: Changing

beforeAll(async () => {
  upstreams = await Promise.all(['often', 'rarely', 'new'].map(startUpstream))
  const [often = 0, rarely = 0, fresh = 0] = upstreams.map((upstream) => upstream.port)
  lab = await startEnvoy({ old: often, new: fresh })
  const endpoint = (port_value: number, load_balancing_weight: number) => ({
    endpoint: { address: { socket_address: { address: '127.0.0.1', port_value } } },
    load_balancing_weight,
  })
  const pair = {
    name: 'pair',
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: 'pair',
      endpoints: [{ lb_endpoints: [endpoint(often, 100), endpoint(rarely, 1)] }],
    },
  }
  const routes = readFileSync(lab.routesFile, 'utf8').replaceAll('"v1"', '"pair"')
  own = await startOwnEnvoy(lab, { routes, clusters: [pair] })
  const config = { routes: own.routesFile, admin: own.adminUrl, route: 'orders', old: 'pair', new: 'v2' }
  port = connect(envoy as unknown as ChangingBench['provider'], config, testDeps())
  await until('Envoy serves its routes', async () => (await port.observe('split', io())).value !== null)
})
afterAll(async () => {
  await Promise.all([
    own?.server.close(),
    lab?.server.close(),
    ...upstreams.map((upstream) => upstream.end()),
  ])
})

it('names an endpoint that was given no request, and is proven once every one has served', async () => {
  const look = (memory = {}) =>
    port.confirm?.({ target: 'split', desired, options: { samples: 1 }, memory }, io())
  const first = await look()
  await sendLoad({ url: own.url, requests: 10, perSecond: 100 }) // the other one is due after a hundred
  const second = await look(first?.memory)
  expect(second?.settled).toBe(false)
  expect(second?.lines).toContain(
    `1 of 2 endpoints of pair was given no request: 127.0.0.1:${upstreams[1]?.port}`,
  )
  await sendLoad({ url: own.url, requests: 250, perSecond: 500 })
  const third = await look(second?.memory)
  expect(third?.settled, third?.lines.join()).toBe(true)
})
