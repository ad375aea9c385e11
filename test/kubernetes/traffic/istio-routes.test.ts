// traffic/istio where it is not simple: proof by counted requests, weights that Envoy refuses, hosts and subsets that nobody declares,
// several routes, orders that come too late, and who else declares the VirtualService.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { put } from '../../../lab/servers/istio.ts'
import { startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { sendLoad } from '../../contract/traffic/upstream.ts'
import { NAMESPACE } from '../ground.ts'
import {
  type MeshGround,
  type Rule,
  type Service,
  ORDERS,
  configOf,
  edit,
  pathOf,
  provider,
  putService,
  putVirtualService,
  ref,
  startMesh,
} from './istio-bench.ts'
import { thereAndBack } from './there-and-back.ts'

let ground: MeshGround
let there: string[] = []
beforeAll(async () => void (ground = await startMesh()))
afterAll(() => ground?.end())
afterEach(async () => {
  for (const name of there.splice(0)) await ground.kubernetes.remove(pathOf(name))
})

const serviceOf = async (name: string) => (await ground.kubernetes.get(pathOf(name))) as Service
const weightsOf = async (name: string): Promise<unknown[]> =>
  (await serviceOf(name)).spec.http.map(({ route }) => route.map(({ weight }) => weight))
const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const portOf = (name: string, more: JsonObject = {}): Changing =>
  connect(provider, configOf(ground, name, more), ground.deps())

/** Creates it and waits until the proxy serves it. */
async function open(
  of: { name: string; http?: Rule[]; hosts?: string[]; metadata?: object },
  more: JsonObject = {},
): Promise<Changing> {
  await putVirtualService(ground, { ...of, config: configOf(ground, of.name, more) })
  there.push(of.name)
  const port = portOf(of.name, more)
  await until(`the proxy serves ${of.name}`, async () => {
    const { facts } = await port.observe('split', io())
    return /serves [1-9]/.test(String(facts?.['proxies']))
  })
  return port
}

const set = async (port: Changing, target: string, desired: Json): Promise<void> => {
  const expected = (await port.observe(target, io())).value
  expect(await applyTo(port, { target, desired, expected }, io())).toMatchObject({ readBack: 'match' })
}
const write = async (port: Changing, desired: Json, before?: Json): Promise<string> => {
  const seen = await port.observe('split', io())
  return await failing(
    port.write({ target: 'split', desired, seen, ...(before === undefined ? {} : { before }) }, io()),
  )
}
const load = async (requests: number): Promise<Record<string, number>> => {
  const { sides, failed } = await sendLoad({ url: ground.mesh.edgeUrl, requests, perSecond: 500 })
  expect(failed).toEqual([])
  return sides
}

describe('traffic/istio proves by requests that the proxies have counted', () => {
  const proof = async (port: Changing, [target, desired]: [string, JsonObject], memory?: JsonObject) =>
    await port.confirm!(
      { target, desired, options: { samples: 300, tolerance: 8 }, ...(memory && { memory }) },
      io(),
    )
  const toSides = (): Rule[] => [ORDERS[1] as Rule]

  it('a share, a mirror and a whole move; users get just that', async () => {
    const port = await open({ name: 'counted', hosts: ['*'], http: toSides() })
    await set(port, 'split', { old: 75, new: 25 })
    const first = await proof(port, ['split', { old: 75, new: 25 }])
    expect(first.settled).toBe(false)
    await load(100)
    expect(await proof(port, ['split', { old: 75, new: 25 }], first.memory)).toMatchObject({ settled: false })
    const sides = await load(500)
    expect(Math.abs((sides['new'] ?? 0) / 5 - 25)).toBeLessThan(8)
    const proven = await proof(port, ['split', { old: 75, new: 25 }], first.memory)
    expect(proven, proven.lines.join('\n')).toMatchObject({ settled: true })
    expect(proven.lines[1]).toMatch(/^new \d+\.\d % of 600 requests, wanted 25 % within 8 points$/)

    await set(port, 'mirror', { percent: 40 })
    const begun = await proof(port, ['mirror', { percent: 40 }])
    await load(500)
    await until('the copies are counted', async () => {
      const mirrored = await proof(port, ['mirror', { percent: 40 }], begun.memory)
      return mirrored.settled
    })
    await set(port, 'mirror', { percent: 0 })

    await set(port, 'split', { old: 0, new: 100 })
    const moved = await proof(port, ['split', { old: 0, new: 100 }])
    expect(await load(400)).toEqual({ new: 400 })
    expect(await proof(port, ['split', { old: 0, new: 100 }], moved.memory)).toMatchObject({ settled: true })
  })

  it('nothing, while proxies are behind what the VirtualService says', async () => {
    const port = await open({ name: 'behind', hosts: ['*'], http: toSides() })
    const { end } = await freeze(ground.mesh.istiod.pid)
    try {
      expect(await write(port, { old: 0, new: 100 })).toBe('done')
      expect(await weightsOf('behind')).toEqual([[0, 100]])
      expect(await load(100), 'users stay where they were').toEqual({ old: 100 })
      const seen = await port.observe('split', io())
      expect(seen.value).toEqual({ old: 100, new: 0 })
      expect(seen.elsewhere).toEqual([
        { place: 'VirtualService shop/behind, generation 2', value: { old: 0, new: 100 } },
      ])
      const { settled, lines } = await proof(port, ['split', { old: 0, new: 100 }])
      expect(settled).toBe(false)
      expect(lines[0]).toMatch(
        /^http route main in http\.\S+ of the proxy http:\S+ serves \{"old":100,"new":0\}$/,
      )
    } finally {
      await end()
    }
    await until('users are moved', async () => (await load(20))['new'] === 20)
  })

  it('as a Prometheus has counted them, where no proxy is named', async () => {
    const { adminUrl } = ground.mesh
    const { server, url } = await startPrometheus({
      scrape: [{ job: 'proxy', targets: [new URL(adminUrl).host], path: '/stats/prometheus' }],
    })
    try {
      const query = (service: string): string =>
        `sum(envoy_cluster_upstream_rq_total{cluster_name="outbound|8080||${service}.${NAMESPACE}.svc.cluster.local"})`
      await open({ name: 'queried', hosts: ['*'], http: toSides() })
      const counts = { from: { url }, old: query('v1'), new: query('v2'), shadow: query('shadow') }
      const { proxies: _, ...config } = configOf(ground, 'queried', { counts })
      const port = connect(provider, config, ground.deps())
      await set(port, 'split', { old: 50, new: 50 })
      let memory: JsonObject | undefined
      await until('it is proven', async () => {
        await load(100)
        const confirmation = await proof(port, ['split', { old: 50, new: 50 }], memory)
        memory = confirmation.memory
        return confirmation.settled
      })
    } finally {
      await server.close()
    }
  })

  it('nothing, while a proxy does not answer; going back does not wait for it', async () => {
    const silent = 'http://127.0.0.1:9'
    const port = await open(
      { name: 'silent', hosts: ['*'], http: toSides() },
      { proxies: [ground.mesh.adminUrl, silent] },
    )
    const start = (await port.observe('split', io())).value
    const desired = { old: 50, new: 50 }
    expect(await applyTo(port, { target: 'split', desired, expected: start }, io())).toMatchObject({
      written: 'written',
      readBack: 'differs',
    })
    const { memory } = await proof(port, ['split', desired])
    await load(400)
    const { settled, lines } = await proof(port, ['split', { old: 50, new: 50 }], memory)
    expect(settled).toBe(false)
    expect(lines.join('\n')).toContain(`the proxy ${silent} could not be asked`)
    expect(await write(port, start, start)).toBe('done')
    expect(await weightsOf('silent')).toEqual([[100, 0]])
  })
})

describe('traffic/istio', () => {
  it('leads users there, back and there again under load, and none of their requests fails', async () => {
    const port = await open({ name: 'load', hosts: ['*'], http: [ORDERS[1] as Rule] })
    await thereAndBack(port, ground.mesh.edgeUrl)
  }, 180_000)

  const two = (): Rule[] => [
    { name: 'api', match: [{ uri: { prefix: '/api' } }], route: [ref('v1', 1), ref('v2', 0)] },
    { name: 'web', route: [ref('v1', 3), ref('v2', 0)] },
  ]

  it('moves several routes in one write, and puts the weights of each back as they were', async () => {
    await open({ name: 'two', http: two() }, { routes: ['api', 1] })
    expect(await failing(portOf('two').observe('split', io()))).toBe(
      'Config: VirtualService shop/two: several http routes send to both sides: http route api, http route web; name those to be moved in routes',
    )
    const port = portOf('two', { routes: ['api', 1] })
    const before = (await port.observe('split', io())).value
    await set(port, 'split', { old: 75, new: 25 })
    expect(await weightsOf('two')).toEqual([
      [75, 25],
      [75, 25],
    ])
    const { generation } = (await serviceOf('two')).metadata
    await set(port, 'split', { old: 0, new: 100 })
    expect((await serviceOf('two')).metadata.generation, 'one write').toBe(generation + 1)
    await set(port, 'split', before)
    expect(await weightsOf('two')).toEqual([
      [1, 0],
      [3, 0],
    ])
  })

  it('takes for the value what Envoy serves, where it refuses what is stored', async () => {
    const port = await open({ name: 'refused' })
    await set(port, 'split', { old: 75, new: 25 })
    await edit(ground, 'refused', (http) => {
      http[1]!.route = [ref('v1', 0), ref('v2', 0)]
    })
    await until('Envoy has refused it', async () => {
      const { cautions = [] } = await port.observe('split', io(), [])
      return cautions.some((caution) => /has refused [1-9]\d* updates of these routes/.test(caution))
    })
    const { value, elsewhere, cautions } = await port.observe('split', io(), [])
    expect(value).toEqual({ old: 75, new: 25 })
    expect(elsewhere?.[0]?.value).toEqual({ old: 0, new: 0 })
    expect(cautions).toContain('its weights are 0 and 0: Envoy refuses them and goes on with those before')
    expect(await write(port, { old: 0, new: 0 })).toMatch(
      /^Rejected: VirtualService shop\/refused: weights 0 and 0 are refused by Envoy/,
    )
    expect(await failing(port.observe('split', io(), [{ old: 101, new: -1 }]))).toMatch(
      /^Rejected: .*not shares/,
    )
    expect(await write(port, { old: 100, new: 0 })).toBe('done')
    await until(
      'a good one heals it',
      async () => (await port.observe('split', io())).elsewhere === undefined,
    )
  })

  it('gives no share to a host that nobody declares, and goes back from one all the same', async () => {
    const route = (host: string): Rule[] => [{ name: 'main', route: [ref('v1', 100), ref(host, 0)] }]
    const port = await open({ name: 'unknown', http: route('v9') }, { new: { host: 'v9' } })
    const start = (await port.observe('split', io())).value
    const words = 'there is no Service shop/v9: its share would be answered 503'
    expect((await port.observe('split', io(), [])).cautions).toContain(words)
    expect(await write(port, { old: 95, new: 5 })).toBe(
      `Rejected: setting split to {"old":95,"new":5} in VirtualService shop/unknown: ${words}`,
    )
    await edit(ground, 'unknown', (http) => void (http[0]!.route[1]!.weight = 5))
    expect(await write(port, start, start), 'the way back').toBe('done')

    const dotted = await open({ name: 'dotted', http: route('v2.shop') }, { new: { host: 'v2.shop' } })
    expect(await write(dotted, { old: 95, new: 5 })).toMatch(
      /^Rejected: .*no ServiceEntry in shop declares v2\.shop, and it is no Service/,
    )
    const entry = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'far', namespace: NAMESPACE },
      spec: {
        hosts: ['far.test'],
        resolution: 'STATIC',
        ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        endpoints: [{ address: '127.0.0.1', ports: { http: ground.upstreams.v2.port } }],
      },
    }
    await put(ground.kubernetes, entry)
    const far = await open({ name: 'far', http: route('far.test') }, { new: { host: 'far.test' } })
    await set(far, 'split', { old: 50, new: 50 })
  })

  it('gives a share to a subset only when a DestinationRule has made it and the proxy knows it', async () => {
    const { v1, v2 } = ground.upstreams
    await putService(ground, { name: 'whole', subsets: { one: v1.port, two: v2.port } })
    const sides = { old: { host: 'whole', subset: 'one' }, new: { host: 'whole', subset: 'two' } }
    const http = [{ name: 'main', route: [ref('whole', 100, 'one'), ref('whole', 0, 'two')] }]
    const rule = (subsets: string[]) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'whole', namespace: NAMESPACE },
      spec: { host: 'whole', subsets: subsets.map((name) => ({ name, labels: { version: name } })) },
    })
    await put(ground.kubernetes, rule(['one']))
    const port = await open({ name: 'subsets', hosts: ['*'], http }, sides)
    expect(await write(port, { old: 0, new: 100 })).toMatch(
      /^Rejected: .*no DestinationRule makes the subset two of whole \(it has one\).*Make it first$/,
    )
    const { end } = await freeze(ground.mesh.istiod.pid)
    await put(ground.kubernetes, rule(['one', 'two']))
    const early = await write(port, { old: 0, new: 100 })
    await end()
    expect(early).toMatch(
      /^Unavailable: .*does not know whole subset two yet and would answer its share 503$/,
    )
    await until('the proxy knows it', async () => (await write(port, { old: 0, new: 100 })) === 'done')
    await until('users are moved', async () => (await load(20))['new'] === 20)
    await set(port, 'split', { old: 100, new: 0 })
    expect(await load(20)).toEqual({ old: 20 })
  })

  it('makes an order void that timed out, before the way back is believed', async () => {
    const port = await open({ name: 'late' })
    const before = (await port.observe('split', io())).value
    const { metadata } = await serviceOf('late')
    // The order of a try that timed out: it is still on its way, over the version that was looked at.
    const order = [
      { op: 'replace', path: '/metadata/resourceVersion', value: metadata['resourceVersion'] },
      { op: 'replace', path: '/spec/http/1/route/1/weight', value: 25 },
    ]
    const request = {
      target: 'split',
      before,
      ours: [before, { old: 75, new: 25 }],
      halves: [],
      isUncertain: true,
      isRepeated: false,
      portName: 'traffic' as const,
    }
    await restoreTo(port, request, io())
    await expect(ground.kubernetes.patch(pathOf('late'), order)).rejects.toThrow(/409/)
    expect((await weightsOf('late'))[1]).toEqual([100, 0])
    expect((await serviceOf('late')).metadata.annotations, 'no trace is left').toBe(undefined)
  })

  it('keeps a mirror in the form in which it is, and says who else declares it', async () => {
    const main: Rule = { name: 'main', route: [ref('v1', 100), ref('v2', 0)], mirror: { host: 'shadow' } }
    const port = await open({
      name: 'declared',
      http: [{ ...main, mirrorPercentage: { value: 10 } }],
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:networking.istio.io/x' } },
    })
    expect((await port.observe('mirror', io())).value).toEqual({ percent: 10 })
    for (const percent of [0, 12.5]) {
      await set(port, 'mirror', { percent })
      expect((await serviceOf('declared')).spec.http[0]).toEqual({
        ...main,
        mirrorPercentage: { value: percent },
      })
    }
    const { cautions = [] } = await port.observe('split', io(), [])
    expect(cautions[0]).toMatch(/^Argo CD declares it \(application shop\) and may put back weights set here/)
    const seen = await port.observe('split', io())
    await edit(ground, 'declared', (http) => void (http[0]!.route = [ref('v1', 60), ref('v2', 40)]))
    expect(await failing(port.write({ target: 'split', desired: { old: 75, new: 25 }, seen }, io()))).toMatch(
      /^Conflict: .*it was changed by kubectl-edit since; found \{"old":60,"new":40\}/,
    )
  })

  it('tries in a plan whether the way back would be allowed, and names each permission that is missing', async () => {
    const port = await open({ name: 'allowed' })
    expect(await port.permits!('split', io())).toBe(
      'the API server lets the worker get and patch virtualservices allowed in shop; get services v1, v2, shadow in shop; a write of what is there was tried without effect',
    )
    expect((await serviceOf('allowed')).metadata.generation).toBe(1)
    const intruder = connect(provider, configOf(ground, 'allowed'), ground.intruder())
    expect(await failing(intruder.permits!('split', io()))).toMatch(
      /^Denied: .*may not get virtualservices allowed in shop; patch virtualservices allowed in shop; get services v1 in shop; .*cutover rbac FILE/,
    )
  })
})
