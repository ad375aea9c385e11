// traffic/envoy: the route file and what Envoy serves are two places. Whatever happens between them, a look tells, a write that
// failed leaves nothing behind, and only a change of our own route is a conflict.
import { cpSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { freePort } from '../../../lab/ports.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { startOwnEnvoy } from './own-envoy.ts'
import { type Upstream, startUpstream } from './upstream.ts'

const provider = envoy as unknown as ChangingBench['provider']
const START = { old: 100, new: 0 }
const CANARY = { old: 95, new: 5 }
const PAST = 'route payments sends to a side too and is not moved: its users stay'

type Weighted = { weighted_clusters: { clusters: { name: string; weight: number }[] }; timeout: string }
type Routes = { version_info: string; resources: { virtual_hosts: { routes: { route: Weighted }[] }[] }[] }

let upstreams: Upstream[]
let edge: Envoy
let original: string
let port: Changing
const configOf = (more: JsonObject = {}): JsonObject => ({
  routes: edge.routesFile,
  admin: edge.adminUrl,
  route: 'orders',
  old: 'v1',
  new: 'v2',
  shadow: 'shadow',
  ...more,
})
const file = (): string => readFileSync(edge.routesFile, 'utf8')
const routeOf = (routes: Routes, index: number): Weighted =>
  routes.resources[0]!.virtual_hosts[0]!.routes[index]!.route

/** Someone else's rename; `served`: waits until Envoy has taken it up. */
async function edit(change: (routes: Routes) => void, served = true): Promise<void> {
  const routes = JSON.parse(file()) as Routes
  change(routes)
  routes.version_info = `stranger-${(strangers += 1)}`
  put(JSON.stringify(routes))
  if (served) await until('Envoy serves it', async () => (await version()) === routes.version_info)
}
let strangers = 0

function put(text: string): void {
  const temporary = `${dirname(edge.routesFile)}.stranger`
  writeFileSync(temporary, text)
  renameSync(temporary, edge.routesFile)
}

async function version(): Promise<string | undefined> {
  const response = await fetch(`${edge.adminUrl}/config_dump?resource=dynamic_route_configs`)
  return ((await response.json()) as { configs: { version_info: string }[] }).configs[0]?.version_info
}

const weigh =
  (index: number, old: number, fresh: number) =>
  (routes: Routes): void => {
    routeOf(routes, index).weighted_clusters.clusters = [
      { name: 'v1', weight: old },
      { name: 'v2', weight: fresh },
    ]
  }

const failureOf = (
  call: Promise<unknown>,
): Promise<{ kind: string | null; message: string; details: unknown } | null> =>
  call.then(
    () => null,
    (error: unknown) => {
      const { message, details } = error as { message: string; details?: unknown[] }
      return { kind: kindOf(error), message, details: details?.[0] ?? null }
    },
  )

/** A write during which something happens right before the file is replaced: the provider's last question is answered first. */
async function writeWhile(desired: Json, happens: () => Promise<void>, before?: Json) {
  let isOver = false
  const deps = testDeps()
  const fetching: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    if (!isOver && String(input).includes('update_rejected')) {
      isOver = true
      const text = await response.text()
      await happens()
      return new Response(text, { status: response.status })
    }
    return response
  }
  const interrupted = connect(provider, configOf(), { ...deps, fetch: fetching })
  const seen = await interrupted.observe('split', io())
  const wish = { target: 'split', desired, seen, ...(before === undefined ? {} : { before }) }
  return failureOf(interrupted.write(wish, io()))
}

beforeAll(async () => {
  upstreams = await Promise.all(['old', 'new'].map(startUpstream))
  const [old = 0, fresh = 0] = upstreams.map((upstream) => upstream.port)
  edge = await startEnvoy({ old, new: fresh })
  original = file()
})
beforeEach(() => {
  port = connect(provider, configOf(), testDeps())
})
// Not by its version: Envoy keeps the one it has when the content is the same.
afterEach(async () => {
  put(original)
  await until('everything is as at the start', async () => {
    const { value, elsewhere } = await port.observe('split', io())
    return elsewhere === undefined && JSON.stringify(value) === JSON.stringify(START)
  })
})
afterAll(async () => {
  await edge.server.close()
  await Promise.all(upstreams.map((upstream) => upstream.end()))
})

describe('traffic/envoy and its two places', () => {
  it('tells what the file says beside what is served, and puts the file right when only that is wrong', async () => {
    const routes = JSON.parse(file()) as Routes
    weigh(1, 95, 5)(routes)
    writeFileSync(edge.routesFile, JSON.stringify(routes)) // in place: Envoy does not notice until its next start
    const seen = await port.observe('split', io())
    expect(seen).toMatchObject({
      value: START,
      elsewhere: [{ place: `route file ${edge.routesFile}`, value: CANARY }],
    })
    await port.write({ target: 'split', desired: START, seen, before: START }, io())
    expect(await port.observe('split', io())).toMatchObject({ value: START })
    expect((await port.observe('split', io())).elsewhere).toBe(undefined)
    put('{ broken')
    expect((await port.observe('split', io())).elsewhere).toEqual([
      { place: expect.stringContaining(`route file ${edge.routesFile} (`), value: null, isUntold: true },
    ])
    put(original)
  })

  it('leaves the file as it was when Envoy stands still in the middle of a write', async () => {
    const before = file()
    let outage = { end: async () => {} }
    try {
      const refusal = await writeWhile(CANARY, async () => void (outage = await freeze(edge.server.pid)))
      expect(refusal).toMatchObject({
        kind: 'Unavailable',
        message: expect.stringMatching(
          /did not take up version \S+ within 1000 ms and the file was put back/,
        ),
      })
      expect(file()).toBe(before)
    } finally {
      await outage.end()
    }
    await until('Envoy answers', async () => (await version()) !== undefined)
    const seen = await port.observe('split', io())
    expect(seen.value).toEqual(START)
    expect(seen.elsewhere).toBe(undefined)
    expect(readdirSync(dirname(edge.routesFile))).toEqual(['app.json'])
  })

  it('refuses a cluster before it touches the file, and says so at the look of a plan', async () => {
    const strange = connect(provider, configOf({ new: 'v9' }), testDeps())
    expect((await strange.observe('split', io())).cautions).toEqual([
      'Envoy has no cluster v9: requests to it would be answered 503',
      PAST,
    ])
    const wanted = [{ old: 66.667, new: 33.333 }]
    expect(await failureOf(port.observe('split', io(), wanted))).toMatchObject({ kind: 'Rejected' })
  })
})

describe('traffic/envoy and changes of others', () => {
  it('goes on over a change beside its route, made after the look, and keeps it', async () => {
    const seen = await port.observe('split', io())
    await edit(weigh(0, 40, 60))
    await port.write({ target: 'split', desired: CANARY, seen }, io())
    const routes = JSON.parse(file()) as Routes
    expect(routeOf(routes, 0).weighted_clusters.clusters.map(({ weight }) => weight)).toEqual([40, 60])
    expect((await port.observe('split', io())).value).toEqual(CANARY)
  })

  it('goes on over a change beside its route in the very moment of the write', async () => {
    expect(await writeWhile(CANARY, () => edit(weigh(0, 30, 70)))).toBe(null)
    const routes = JSON.parse(file()) as Routes
    expect(routeOf(routes, 0).weighted_clusters.clusters.map(({ weight }) => weight)).toEqual([30, 70])
    expect((await port.observe('split', io())).value).toEqual(CANARY)
  })

  it('calls a change of its route a conflict and says what it found, in the moment of the write too', async () => {
    const found = { old: 61, new: 39 }
    expect(await writeWhile(CANARY, () => edit(weigh(1, 61, 39)))).toEqual({
      kind: 'Conflict',
      message: `setting split to {"old":95,"new":5} in ${edge.routesFile}: the route was changed by someone else since; found {"old":61,"new":39}`,
      details: { found, writer: null },
    })
    expect((await port.observe('split', io())).value).toEqual(found)
  })

  it('finds it in the file when Envoy does not serve it yet', async () => {
    const seen = await port.observe('split', io())
    const routes = JSON.parse(file()) as Routes
    weigh(1, 61, 39)(routes)
    writeFileSync(edge.routesFile, JSON.stringify(routes))
    expect(await failureOf(port.write({ target: 'split', desired: CANARY, seen }, io()))).toMatchObject({
      kind: 'Conflict',
      message: expect.stringContaining(
        `found {"old":61,"new":39} in the route file ${edge.routesFile}, which Envoy does not serve yet`,
      ),
      details: { found: { old: 61, new: 39 } },
    })
  })

  it('does not take a value that was changed and changed back for untouched, and pages nobody for it', async () => {
    const seen = await port.observe('split', io())
    await edit(weigh(1, 50, 50))
    await edit(weigh(1, 100, 0))
    expect(await failureOf(port.write({ target: 'split', desired: CANARY, seen }, io()))).toMatchObject({
      kind: 'Unavailable',
    })
    expect((await port.observe('split', io())).value).toEqual(START)
  })
})

describe('traffic/envoy and what is missing for the moment', () => {
  it('calls routes that Envoy asks for and has not got Unavailable, and those nobody asks for Missing', async () => {
    const own = await startOwnEnvoy(edge, { routes: '{ broken' })
    try {
      const config = configOf({ routes: own.routesFile, admin: own.adminUrl })
      expect(await failureOf(connect(provider, config, testDeps()).observe('split', io()))).toMatchObject({
        kind: 'Unavailable',
        message: expect.stringMatching(
          /no route configuration that came by RDS; it serves none: it (?:is|asks)/,
        ),
      })
    } finally {
      await own.server.close()
    }
    const strange = connect(provider, configOf({ route_config: 'web' }), testDeps())
    expect(await failureOf(strange.observe('split', io()))).toMatchObject({ kind: 'Missing' })
  })

  it('warns of clusters without endpoints and of endpoints that fail their check', async () => {
    const dead = await freePort()
    const address = { socket_address: { address: '127.0.0.1', port_value: dead } }
    const sick = {
      name: 'sick',
      type: 'STATIC',
      connect_timeout: '1s',
      load_assignment: { cluster_name: 'sick', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
      health_checks: [
        {
          timeout: '0.1s',
          interval: '0.1s',
          unhealthy_threshold: 1,
          healthy_threshold: 1,
          tcp_health_check: {},
        },
      ],
    }
    const empty = {
      name: 'empty',
      type: 'STATIC',
      connect_timeout: '1s',
      load_assignment: { cluster_name: 'empty' },
    }
    const routes = original.replaceAll('"v1"', '"sick"').replaceAll('"v2"', '"empty"')
    const own = await startOwnEnvoy(edge, { routes, clusters: [sick, empty] })
    try {
      const sides = { old: 'sick', new: 'empty' }
      const at = configOf({ routes: own.routesFile, admin: own.adminUrl, ...sides })
      const warned = async () => (await connect(provider, at, testDeps()).observe('split', io())).cautions
      await expect
        .poll(warned, { timeout: 10_000 })
        .toEqual([
          `1 of 1 endpoints of cluster sick are unhealthy: 127.0.0.1:${dead} failed active health check`,
          'cluster empty has no endpoint: requests to it are answered 503',
          PAST,
        ])
    } finally {
      await own.server.close()
    }
  })
})

// Last, for it takes Envoy's watch away: the folder that it watches is not the one at this path any more.
describe('traffic/envoy without its watch', () => {
  it('says on the way there that nothing came, and on the way back leaves the file at what was there before', async () => {
    const seen = await port.observe('split', io())
    await port.write({ target: 'split', desired: CANARY, seen, before: START }, io())
    const folder = dirname(edge.routesFile)
    renameSync(folder, `${folder}.gone`)
    cpSync(`${folder}.gone`, folder, { recursive: true })
    const atCanary = file()
    const there = await port.observe('split', io())
    const half = { target: 'split', desired: { old: 50, new: 50 }, seen: there, before: START }
    expect(await failureOf(port.write(half, io()))).toMatchObject({ kind: 'Unavailable' })
    expect(file()).toBe(atCanary)
    const back = { target: 'split', desired: START, seen: there, before: START }
    expect(await failureOf(port.write(back, io()))).toMatchObject({
      kind: 'Unavailable',
      message: expect.stringContaining('the file is left as it is to be'),
    })
    expect(await port.observe('split', io())).toMatchObject({
      value: CANARY,
      elsewhere: [{ place: `route file ${edge.routesFile}`, value: START }],
    })
    renameSync(folder, `${folder}.other`)
    renameSync(`${folder}.gone`, folder)
  })
})
