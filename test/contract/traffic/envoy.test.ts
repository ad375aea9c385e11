// traffic/envoy on a real Envoy: the contract of changing ports, proof by counting under load, and its quirks.
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { type Envoy, startEnvoy } from '../../../lab/servers/envoy.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { freeze } from '../frozen.ts'
import { sendLoad, startUpstream } from './upstream.ts'

const provider = envoy as unknown as ChangingBench['provider']

type Weighted = { clusters: { name: string; weight: number }[] }
type Policy = { cluster: string; runtime_fraction?: object; trace_sampled?: boolean }
type Action = { weighted_clusters: Weighted; timeout: string; request_mirror_policies?: Policy[] }
type Routes = { version_info: string; resources: Resource[] }
type Resource = { name: string; validate_clusters: boolean; virtual_hosts: { routes: { route: Action }[] }[] }

const configOf = (edge: Envoy, more: JsonObject = {}): JsonObject => ({
  routes: edge.routesFile,
  admin: edge.adminUrl,
  route: 'orders',
  old: 'v1',
  new: 'v2',
  shadow: 'shadow',
  ...more,
})

const readRoutes = (edge: Envoy): Routes => JSON.parse(readFileSync(edge.routesFile, 'utf8')) as Routes
const ordersOf = (routes: Routes): Action => routes.resources[0]!.virtual_hosts[0]!.routes[1]!.route

/** Someone else's rename, as a config generator does it. */
function put(edge: Envoy, routes: Routes | string): void {
  const temporary = `${dirname(edge.routesFile)}.stranger`
  writeFileSync(temporary, typeof routes === 'string' ? routes : JSON.stringify(routes))
  if (existsSync(edge.routesFile)) chmodSync(temporary, statSync(edge.routesFile).mode)
  renameSync(temporary, edge.routesFile)
}

async function served(edge: Envoy): Promise<{ version_info: string; route_config: Resource }> {
  const response = await fetch(`${edge.adminUrl}/config_dump?resource=dynamic_route_configs`)
  const { configs } = (await response.json()) as {
    configs: { version_info: string; route_config: Resource }[]
  }
  return configs[0]!
}

async function strangerWrites(edge: Envoy, edit: (action: Action) => void): Promise<void> {
  const routes = readRoutes(edge)
  edit(ordersOf(routes))
  routes.version_info = `stranger-${Number(/\d+$/.exec(routes.version_info)?.[0]) + 1}`
  put(edge, routes)
  await until('Envoy serves it', async () => (await served(edge)).version_info === routes.version_info)
}

function weigh(old: number, fresh: number): (action: Action) => void {
  return (action) => {
    action.weighted_clusters.clusters = [
      { name: 'v1', weight: old },
      { name: 'v2', weight: fresh },
    ]
  }
}

/** All of the file and of what is served, but for the orders' weights, its mirroring, and the versions. */
async function neighbours(edge: Envoy, target: 'split' | 'mirror'): Promise<Json> {
  const strip = (resource: Resource): Resource => {
    const action = resource.virtual_hosts[0]!.routes[1]!.route
    if (target === 'split') action.weighted_clusters.clusters = []
    else delete action.request_mirror_policies
    return resource
  }
  const file = strip(readRoutes(edge).resources[0]!)
  const files = readdirSync(dirname(edge.routesFile))
  const mode = statSync(edge.routesFile).mode
  return { file, live: strip((await served(edge)).route_config), files, mode } as unknown as Json
}

async function bench(
  target: 'split' | 'mirror',
): Promise<Omit<ChangingBench, 'values' | 'stranger'> & { edge: Envoy }> {
  const started = await startEdge()
  const { edge } = started
  chmodSync(edge.routesFile, 0o640)
  const guarded = createServer((_, response) => response.writeHead(403).end('RBAC: access denied')).listen(
    0,
    '127.0.0.1',
  )
  await once(guarded, 'listening')
  const admin = `http://127.0.0.1:${(guarded.address() as AddressInfo).port}`
  return {
    edge,
    provider,
    config: configOf(edge),
    deps: testDeps(),
    target,
    neighbours: () => neighbours(edge, target),
    outage: async () => freeze(edge.server.pid),
    wrongCredentials: { config: configOf(edge, { admin }) },
    secrets: [],
    end: async () => {
      guarded.close()
      await started.end()
    },
  }
}

changingContract(
  'traffic/envoy split',
  async () => {
    const common = await bench('split')
    return {
      ...common,
      values: [
        { old: 99.95, new: 0.05 },
        { old: 0, new: 100 },
      ],
      stranger: (value) =>
        strangerWrites(common.edge, (action) => {
          const { old, new: fresh } = value as { old: number; new: number }
          weigh(Math.round(old * 100), Math.round(fresh * 100))(action)
        }),
    }
  },
  ['missing target'],
)

changingContract(
  'traffic/envoy mirror',
  async () => {
    const common = await bench('mirror')
    return {
      ...common,
      values: [{ percent: 20 }, { percent: 2.5 }],
      stranger: (value) =>
        strangerWrites(common.edge, (action) => {
          const numerator = (value as { percent: number }).percent * 100
          const runtime_fraction = { default_value: { numerator, denominator: 'TEN_THOUSAND' } }
          action.request_mirror_policies = [{ cluster: 'shadow', runtime_fraction }]
        }),
    }
  },
  ['missing target'],
)

let stand: Awaited<ReturnType<typeof startEdge>>
const set = async (port: Changing, target: string, desired: Json): Promise<void> => {
  const expected = (await port.observe(target, io())).value
  expect(await applyTo(port, { target, desired, expected }, io())).toMatchObject({ readBack: 'match' })
}

const load = (requests: number) => sendLoad({ url: stand.edge.url, requests, perSecond: 500 })

describe('traffic/envoy under load', () => {
  beforeAll(async () => void (stand = await startEdge()))
  afterAll(() => stand.end())
  it('loses no request while the split is turned over ten times', async () => {
    const port = connect(provider, configOf(stand.edge), testDeps())
    const running = load(1_500)
    for (let flip = 0; flip < 10; flip++) {
      await set(port, 'split', flip % 2 === 0 ? { old: 0, new: 100 } : { old: 100, new: 0 })
      const between = await sendLoad({ url: stand.edge.url, requests: 20, perSecond: 200 })
      expect(between).toEqual({ sides: { [flip % 2 === 0 ? 'new' : 'old']: 20 }, failed: [] })
    }
    const total = await running
    expect(total.failed).toEqual([])
    expect(Object.values(total.sides).reduce((sum, count) => sum + count, 0)).toBe(1_500)
  })

  it('proves split and mirror by what each cluster was given, in a shadow of its own', async () => {
    const port = connect(provider, configOf(stand.edge), testDeps())
    await set(port, 'mirror', { percent: 20 })
    await set(port, 'split', { old: 75, new: 25 })
    await proves(port, { split: { old: 75, new: 25 }, mirror: { percent: 20 } })
    await set(port, 'mirror', { percent: 0 })
  })

  it('tells copies from requests when the shadow is the new side itself', async () => {
    const port = connect(provider, configOf(stand.edge, { shadow: 'v2' }), testDeps())
    await set(port, 'split', { old: 100, new: 0 })
    await set(port, 'mirror', { percent: 50 })
    await proves(port, { mirror: { percent: 50 }, split: { old: 100, new: 0 } })
    await set(port, 'split', { old: 75, new: 25 })
    await proves(port, { split: { old: 75, new: 25 } })
    await set(port, 'split', { old: 0, new: 100 })
    const untold = { target: 'mirror', desired: { percent: 50 }, options: {} }
    const { memory } = await port.confirm!(untold, io())
    expect(await port.confirm!({ ...untold, memory: memory! }, io())).toMatchObject({
      settled: false,
      lines: ['copies look like served requests: all traffic goes to the shadow cluster itself'],
    })
    await set(port, 'mirror', { percent: 0 })
  })

  it('does not take a mirror for proven whose copies go elsewhere', async () => {
    const port = connect(provider, configOf(stand.edge), testDeps())
    const request = { target: 'mirror', desired: { percent: 30 }, options: { samples: 200, tolerance: 5 } }
    await set(port, 'mirror', { percent: 30 })
    const first = await port.confirm!(request, io())
    await set(port, 'mirror', { percent: 0 })
    await load(300)
    await set(port, 'mirror', { percent: 30 })
    const after = await port.confirm!({ ...request, memory: first.memory! }, io())
    expect(after).toMatchObject({ settled: false })
    expect(after.lines[0]).toBe('mirrored 0.0 % of 300 requests, wanted 30 % within 5 points')
    await set(port, 'mirror', { percent: 0 })
  })
})

/** Too few requests prove nothing; enough of them prove each of the targets. */
async function proves(port: Changing, wanted: Record<string, JsonObject>): Promise<void> {
  const options = { samples: 600, tolerance: 10 } // Envoy draws at random: ten points are four standard deviations here
  const requests = Object.entries(wanted).map(([target, desired]) => ({ target, desired, options }))
  const first = await Promise.all(requests.map((request) => port.confirm!(request, io())))
  const look = () =>
    Promise.all(
      requests.map((request, index) => port.confirm!({ ...request, memory: first[index]!.memory! }, io())),
    )
  await load(100)
  for (const { settled, lines } of await look()) expect(settled, lines.join('\n')).toBe(false)
  await load(600)
  for (const { settled, lines } of await look()) expect(settled, lines.join('\n')).toBe(true)
}

/** What a write over a fresh look comes to: null, or the kind and words of its failure. */
const write = async (on: Changing, desired: Json, target = 'split'): Promise<unknown> => {
  const seen = await on.observe(target, io())
  return on.write({ target, desired, seen }, io()).then(
    () => null,
    (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
  )
}

describe('traffic/envoy quirks', () => {
  let original: string
  let port: Changing
  beforeAll(async () => {
    stand = await startEdge()
    original = readFileSync(stand.edge.routesFile, 'utf8')
    port = connect(provider, configOf(stand.edge), testDeps())
  })
  afterEach(() => put(stand.edge, original))
  afterAll(() => stand.end())

  it('puts the file back when Envoy rejects it', async () => {
    const strange = configOf(stand.edge, { new: 'v9' })
    const before = readFileSync(stand.edge.routesFile, 'utf8')
    expect(await write(connect(provider, strange, testDeps()), { old: 90, new: 10 })).toEqual({
      kind: 'Rejected',
      message: `setting split to {"old":90,"new":10} in ${stand.edge.routesFile}: Envoy rejected version 2 (update_rejected rose) and the file was put back; its log says why ("Filesystem config update rejected")`,
    })
    expect(readFileSync(stand.edge.routesFile, 'utf8')).toBe(before)
    expect(readdirSync(dirname(stand.edge.routesFile))).toEqual(['app.json'])
  })

  it('refuses a cluster Envoy does not have when Envoy would not', async () => {
    const routes = JSON.parse(original) as Routes
    routes.resources[0]!.validate_clusters = false
    routes.version_info = '50'
    put(stand.edge, routes)
    await until('Envoy serves it', async () => (await served(stand.edge)).version_info === '50')
    const strange = connect(provider, configOf(stand.edge, { new: 'v9' }), testDeps())
    expect(await write(strange, { old: 90, new: 10 })).toEqual({
      kind: 'Rejected',
      message: `setting split to {"old":90,"new":10} in ${stand.edge.routesFile}: Envoy has no cluster v9; it has shadow, v1, v2`,
    })
  })

  it('refuses to leave no cluster at all', async () => {
    expect(await write(port, { old: 0, new: 0 })).toEqual({
      kind: 'Rejected',
      message: `setting split to {"old":0,"new":0} in ${stand.edge.routesFile}: weights 0 and 0 would leave no cluster to send requests to`,
    })
  })

  it('takes what Envoy serves for the value and says that the file says otherwise', async () => {
    const routes = JSON.parse(original) as Routes
    ordersOf(routes).weighted_clusters.clusters[1]!.name = 'v9'
    routes.version_info = '99'
    put(stand.edge, routes)
    const seen = await port.observe('split', io())
    expect(seen.value).toEqual({ old: 100, new: 0 })
    expect(seen.facts?.disagreement).toMatch(
      /^the route file says .* \(version 99\), Envoy serves \{"old":100,"new":0\}/,
    )
    put(stand.edge, '{ broken')
    expect((await port.observe('split', io())).facts?.disagreement).toMatch(
      /^Envoy goes on serving .* is not valid JSON|JSON/,
    )
    expect(await write(port, { old: 50, new: 50 })).toMatchObject({ kind: 'Rejected' })
    rmSync(stand.edge.routesFile)
    expect((await port.observe('split', io())).value).toEqual({ old: 100, new: 0 })
    expect(await write(port, { old: 50, new: 50 })).toMatchObject({ kind: 'Missing' })
  })

  it('corrects a file that was written in place, which Envoy had ignored', async () => {
    // Served means that no earlier rename is left whose news could make Envoy read the file below.
    await strangerWrites(stand.edge, weigh(90, 10))
    await strangerWrites(stand.edge, weigh(100, 0))
    const routes = readRoutes(stand.edge)
    weigh(50, 50)(ordersOf(routes))
    writeFileSync(stand.edge.routesFile, JSON.stringify(routes))
    expect(await port.observe('split', io())).toMatchObject({ value: { old: 100, new: 0 } })
    expect(await write(port, { old: 100, new: 0 })).toBe(null)
    const after = await port.observe('split', io())
    expect(after.value).toEqual({ old: 100, new: 0 })
    expect(ordersOf(readRoutes(stand.edge)).weighted_clusters.clusters.map(({ weight }) => weight)).toEqual([
      100, 0,
    ])
  })

  it('keeps what a mirror policy says besides its share, and adds none that was not there', async () => {
    await strangerWrites(stand.edge, (action) => {
      const runtime_fraction = { default_value: { numerator: 20 } }
      action.request_mirror_policies = [{ cluster: 'shadow', runtime_fraction, trace_sampled: false }]
    })
    expect((await port.observe('mirror', io())).value).toEqual({ percent: 20 })
    expect(await write(port, { percent: 0 }, 'mirror')).toBe(null)
    expect(await write(port, { percent: 20 }, 'mirror')).toBe(null)
    expect(ordersOf(readRoutes(stand.edge)).request_mirror_policies).toEqual([
      {
        cluster: 'shadow',
        runtime_fraction: { default_value: { numerator: 200_000, denominator: 'MILLION' } },
        trace_sampled: false,
      },
    ])
  })

  it('restores weights that no percent can hold exactly', async () => {
    await strangerWrites(stand.edge, weigh(2, 1))
    const before = await port.observe('split', io())
    expect(before.value).toEqual({ old: 66.67, new: 33.33, members: { v1: 2, v2: 1 } })
    expect(await write(port, { old: 50, new: 50 })).toBe(null)
    expect(await write(port, before.value)).toBe(null)
    expect(ordersOf(readRoutes(stand.edge)).weighted_clusters.clusters.map(({ weight }) => weight)).toEqual([
      2, 1,
    ])
  })

  it('says what is wrong with a route, a target, a file that is a link', async () => {
    const failing = async (config: JsonObject, target = 'split'): Promise<unknown> =>
      connect(provider, configOf(stand.edge, config), testDeps())
        .observe(target, io())
        .catch((error: unknown) => `${kindOf(error)}: ${(error as Error).message}`)
    const reading = `reading split from Envoy at ${stand.edge.adminUrl}`
    expect(await failing({ route: 'nowhere' })).toBe(
      `Missing: ${reading}: no route is nowhere; there is app: payments; app: orders`,
    )
    expect(await failing({ route_config: 'web' })).toBe(
      `Missing: ${reading}: no route configuration web; it serves app`,
    )
    expect(await failing({}, 'weight')).toBe(
      'Unsupported: traffic/envoy cannot change weight: it has split, mirror and cohort only',
    )
    const { route: _, ...unnamed } = configOf(stand.edge)
    const several = await connect(provider, unnamed, testDeps())
      .observe('split', io())
      .catch((error: unknown) => (error as Error).message)
    expect(several).toBe(
      `${reading}: several routes fit: app: payments; app: orders; name one with \`route\` and \`virtual_host\``,
    )
    const link = `${dirname(stand.edge.routesFile)}/link.json`
    symlinkSync(stand.edge.routesFile, link)
    const linked = connect(provider, configOf(stand.edge, { routes: link }), testDeps())
    expect(await write(linked, { old: 50, new: 50 })).toMatchObject({ kind: 'Config' })
    rmSync(link)
  })
})

async function startEdge(): Promise<{ edge: Envoy; end(): Promise<void> }> {
  const upstreams = await Promise.all(['old', 'new', 'shadow'].map(startUpstream))
  const [old, fresh, shadow] = upstreams.map(({ port }) => port) as [number, number, number]
  const edge = await startEnvoy({ old, new: fresh, shadow })
  return {
    edge,
    end: async () => {
      await edge.server.close()
      await Promise.all(upstreams.map((upstream) => upstream.end()))
    },
  }
}
