// traffic/istio with inputs of public bug reports, on a real istiod and Envoy: delegates, several VirtualServices of a host, routes of
// connections beside those of requests, and a subset that only some of the DestinationRules make.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { kindOf } from '../../../activities/failure.ts'
import { put } from '../../../lab/servers/istio.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { asker } from '../../contract/traffic/cohort.ts'
import { NAMESPACE } from '../ground.ts'
import {
  type MeshGround,
  type Rule,
  ORDERS,
  configOf,
  pathOf,
  provider,
  putService,
  putVirtualService,
  ref,
  startMesh,
} from './istio-bench.ts'

let ground: MeshGround
let there: string[] = []
beforeAll(async () => void (ground = await startMesh()))
afterAll(() => ground?.end())
afterEach(async () => {
  for (const name of there.splice(0)) await ground.kubernetes.remove(pathOf(name))
})

const MAIN: Rule[] = [ORDERS[1] as Rule]
const portOf = (name: string, more: JsonObject = {}): Changing =>
  connect(provider, configOf(ground, name, more), ground.deps())
const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const own = async (of: Parameters<typeof putVirtualService>[1]): Promise<void> => {
  there.push(of.name)
  await putVirtualService(ground, of)
}
/** One of somebody else's, which the worker has no right on. */
const others = async (name: string, spec: object): Promise<void> => {
  there.push(name)
  await ground.kubernetes.create(pathOf(''), {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name },
    spec,
  })
}
const cautionsOf = async (port: Changing): Promise<string[]> =>
  (await port.observe('split', io(), [])).cautions ?? []
const isServed = async (port: Changing): Promise<boolean> =>
  /serves [1-9]/.test(String((await port.observe('split', io())).facts?.['proxies']))
const set = async (port: Changing, target: string, desired: Json): Promise<void> => {
  const expected = (await port.observe(target, io())).value
  expect(await applyTo(port, { target, desired, expected }, io())).toMatchObject({ readBack: 'match' })
}
const asking = (host: string) => asker(ground.mesh.edgeUrl, { host, header: 'x-tenant' })

describe('traffic/istio', () => {
  it('moves a VirtualService that another one delegates to: what proxies serve of it is found, shares and cohort', async () => {
    const config = configOf(ground, 'leaf', { cohort: { header: 'x-tenant' } })
    await own({ name: 'leaf', http: MAIN, config })
    await ground.kubernetes.patch(pathOf('leaf'), { spec: { hosts: null, gateways: null } })
    const delegate = { name: 'leaf', namespace: NAMESPACE }
    await others('root', {
      hosts: ['root.example'],
      gateways: ['edge'],
      http: [
        { name: 'health', match: [{ uri: { prefix: '/health' } }], route: [ref('shadow')] },
        { name: 'shop', match: [{ uri: { prefix: '/' } }], delegate },
      ],
    })
    const port = portOf('leaf', { cohort: { header: 'x-tenant' } })
    await until('the proxy serves it', () => isServed(port))
    expect(await cautionsOf(port)).toEqual([])
    const ask = asking('root.example')
    await set(port, 'cohort', { users: ['acme'] })
    expect([await ask('acme'), await ask(null)]).toEqual(['new', 'old'])
    await set(port, 'split', { old: 0, new: 100 })
    expect(await ask(null)).toBe('new')
    const { memory } = await port.confirm!(
      { target: 'split', desired: { old: 0, new: 100 }, options: { samples: 5 } },
      io(),
    )
    for (let count = 0; count < 10; count++) await ask(null)
    const asked = { target: 'split', desired: { old: 0, new: 100 }, options: { samples: 5 }, memory: memory! }
    await until('it is proven', async () => (await port.confirm!(asked, io())).settled)
  })

  it('names a route of another VirtualService of the host that comes first and takes everything', async () => {
    await others('older', {
      hosts: ['two.example'],
      gateways: ['edge'],
      http: [{ name: 'all', route: [ref('shadow')] }],
    })
    const ask = asking('two.example')
    await until('the older one is served', async () => (await ask(null)) === 'shadow')
    await own({ name: 'younger', hosts: ['two.example'], http: MAIN })
    const port = portOf('younger')
    await until('the proxy serves it', () => isServed(port))
    expect(await ask(null), 'Istio takes the older one first').toBe('shadow')
    expect((await cautionsOf(port)).join('\n')).toMatch(
      /^route all of VirtualService shop\/older in http\.\S+ of the proxy http:\S+ comes before it and takes every request: nobody is moved there$/,
    )
  })

  it('names routes of connections that lead to a side: their users stay', async () => {
    const tls = [
      { match: [{ port: 443, sniHosts: ['tls.example'] }], route: [{ destination: { host: 'v1' } }] },
    ]
    const tcp = [{ match: [{ port: 27_017 }], route: [{ destination: { host: 'shadow' } }] }]
    await own({ name: 'mixed', http: MAIN })
    await ground.kubernetes.patch(pathOf('mixed'), { spec: { tls, tcp } })
    expect(await cautionsOf(portOf('mixed'))).toContain(
      'tls route 0 sends to v1 too: only http routes are moved, and its users stay',
    )
    await ground.kubernetes.patch(pathOf('mixed'), { spec: { http: null } })
    expect(await failing(portOf('mixed').observe('split', io()))).toMatch(
      /^Missing: .*: it has tls and tcp routes only, which lead connections and not requests: those are not moved\./,
    )
  })

  it('takes weights that nobody has written for 0 and 0, as Istio does', async () => {
    await own({ name: 'unweighted', http: [{ name: 'main', route: [ref('v1'), ref('v2')] }] })
    const { value, cautions = [] } = await portOf('unweighted').observe('split', io(), [])
    expect(value).toEqual({ old: 0, new: 0 })
    expect(cautions.join('\n')).toContain('its weights are 0 and 0')
  })

  it('gives no share to a subset that the DestinationRule of one namespace makes and that of another does not', async () => {
    const { v1, v2 } = ground.upstreams
    await putService(ground, { name: 'whole', subsets: { one: v1.port, two: v2.port } })
    await put(ground.kubernetes, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mesh' } })
    const rule = (namespace: string, subsets: string[]) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'whole', namespace },
      spec: {
        host: `whole.${NAMESPACE}.svc.cluster.local`,
        subsets: subsets.map((name) => ({ name, labels: { version: name } })),
      },
    })
    await put(ground.kubernetes, rule(NAMESPACE, ['one']))
    await put(ground.kubernetes, rule('mesh', ['one', 'two']))
    const { proxies: _, ...config } = configOf(ground, 'half-made', {
      old: { host: 'whole', subset: 'one' },
      new: { host: 'whole', subset: 'two' },
      look_in: ['mesh'],
      counts: { from: { url: 'http://127.0.0.1:9' }, old: 'a', new: 'b', shadow: 'c' },
    })
    const http = [{ name: 'main', route: [ref('whole', 100, 'one'), ref('whole', 0, 'two')] }]
    await own({ name: 'half-made', http, config })
    const port = connect(provider, config, ground.deps())
    const write = async () => {
      const seen = await port.observe('split', io())
      return await failing(port.write({ target: 'split', desired: { old: 0, new: 100 }, seen }, io()))
    }
    expect(await write()).toMatch(
      /^Rejected: .*the DestinationRule of namespace shop for whole does not make the subset two \(it has one\), though another namespace does: .*Make it there too$/,
    )
    await put(ground.kubernetes, rule(NAMESPACE, ['one', 'two']))
    expect(await write()).toBe('done')
    await until('users are moved', async () => (await asking('half-made.example')(null)) === 'new')
  })
})
