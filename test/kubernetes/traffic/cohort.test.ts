// Cohorts on a real data plane of Istio: by a VirtualService and by an HTTPRoute, told by a header and by a cookie, asked through the
// proxy as members and as strangers; the contract of changing ports for both, and who stands beside them.
import { afterAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { GatewayApiConfig, rulesOf } from '../../../activities/traffic/gateway-api/schema.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { changingContract, connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { lyingContract } from '../../contract/lies.ts'
import { type CohortBench, asker, cohortContract } from '../../contract/traffic/cohort.ts'
import * as gateway from './gateway-bench.ts'
import * as mesh from './istio-bench.ts'

let started: Promise<mesh.MeshGround> | undefined
const ground = (): Promise<mesh.MeshGround> => (started ??= mesh.startMesh())
afterAll(async () => {
  await (await started)?.end()
})

const VALUES: [Json, Json] = [{ users: ['acme', 'globex'] }, { users: ['initech'] }]
const PREFIX = 'cutover-cohort-'
const led = (value: Json): string[] => (value as { users: string[] }).users

function frozen(pid: number | undefined) {
  return async (ms?: number) => {
    const { end } = await freeze(pid)
    const timer = ms === undefined ? undefined : setTimeout(() => void end(), ms)
    return {
      end: async () => {
        clearTimeout(timer)
        await end()
      },
    }
  }
}

type Told = { header: string } | { cookie: string }

async function virtualService(name: string, told: Told): Promise<CohortBench & { served(): Promise<void> }> {
  const on = await ground()
  const config = mesh.configOf(on, name, { cohort: told })
  const http: mesh.Rule[] = [
    { name: 'health', match: [{ uri: { prefix: '/health' } }], route: [mesh.ref('shadow')] },
    {
      name: 'main',
      match: [
        { name: 'api', uri: { prefix: '/api' } },
        { uri: { prefix: '/' }, method: { exact: 'GET' } },
      ],
      timeout: '10s',
      route: [mesh.ref('v1', 100), mesh.ref('v2', 0)],
    },
    { name: 'rest', route: [mesh.ref('v1')] },
  ]
  await mesh.putVirtualService(on, { name, http, config })
  const looker = connect(mesh.provider, config, on.deps())
  const served = async (): Promise<void> => {
    await until(`the proxy serves ${name}`, async () => {
      const { elsewhere = [], facts } = await looker.observe('cohort', io())
      return elsewhere.length === 0 && /serves [1-9]/.test(String(facts?.['proxies']))
    })
  }
  await served()
  const edit = (change: (http: mesh.Rule[]) => mesh.Rule[]) =>
    mesh.edit(on, name, (all) => {
      const next = change(all)
      all.splice(0, all.length, ...next)
    })
  const isOurs = (rule: mesh.Rule) => rule.name?.startsWith(PREFIX) === true
  return {
    provider: mesh.provider,
    config,
    deps: on.deps(),
    served,
    many: 500,
    ask: asker(on.mesh.edgeUrl, { host: `${name}.example`, ...told }),
    neighbours: async () => {
      const { spec, metadata } = (await on.kubernetes.get(mesh.pathOf(name))) as mesh.Service
      const kept = spec.http.filter((rule) => !isOurs(rule))
      return { ...spec, http: kept, annotations: Object.keys(metadata.annotations ?? {}) } as unknown as Json
    },
    stranger: async (value) => {
      await edit((all) => [
        ...all.filter((rule) => !isOurs(rule)).slice(0, 1),
        {
          name: `${PREFIX}v2-1`,
          match: led(value).flatMap((exact) => {
            const headers = { 'x-tenant': { exact } }
            return [
              { uri: { prefix: '/api' }, headers },
              { uri: { prefix: '/' }, method: { exact: 'GET' }, headers },
            ]
          }),
          timeout: '10s',
          route: [mesh.ref('v2')],
        },
        ...all.filter((rule) => !isOurs(rule)).slice(1),
      ])
      await served()
    },
    mislead: () =>
      edit((all) => all.map((rule) => (isOurs(rule) ? { ...rule, route: [mesh.ref('v1')] } : rule))),
    outage: () => freeze(on.kubernetes.server.pid),
    lies: { showLate: frozen(on.mesh.istiod.pid), freezeReader: frozen(on.mesh.istiod.pid) },
    wrongCredentials: { config, deps: on.intruder() },
    secrets: on.secrets,
    end: () => on.kubernetes.remove(mesh.pathOf(name)),
  }
}

async function httpRoute(name: string, told: JsonObject, many: number): Promise<CohortBench> {
  const on = await ground()
  const config = gateway.configOf(name, { cohort: told })
  await on.allow(rulesOf(GatewayApiConfig.parse(config), { changed: ['split'], looked: [] }))
  const path = gateway.pathOf(name)
  const filters = [
    { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-edge', value: '1' }] } },
  ]
  await on.kubernetes.create(path.slice(0, path.lastIndexOf('/')), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name },
    spec: {
      parentRefs: [{ name: 'gw' }],
      hostnames: [`${name}.example`],
      rules: [
        { matches: [{ path: { value: '/health' } }], backendRefs: [gateway.ref('shadow', 1)] },
        { name: 'main', filters, backendRefs: [gateway.ref('v1', 100), gateway.ref('v2', 0)] },
      ],
    },
  })
  const read = () =>
    until(`istiod has read ${name}`, async () => {
      const { metadata, status } = (await on.kubernetes.get(path)) as gateway.Route
      const conditions = (status?.parents ?? []).flatMap((parent) => parent.conditions)
      const isRead = conditions.every(({ observedGeneration }) => observedGeneration === metadata.generation)
      return conditions.length > 0 && isRead
    })
  await read()
  const isOurs = (rule: gateway.Rule) => rule.name?.startsWith(PREFIX) === true
  const edit = async (change: (rules: gateway.Rule[]) => gateway.Rule[]) => {
    const { rules } = ((await on.kubernetes.get(path)) as gateway.Route).spec
    await on.kubernetes.patch(`${path}?fieldManager=kubectl-edit`, { spec: { rules: change(rules) } })
    await read()
  }
  return {
    provider: gateway.provider,
    config,
    deps: on.deps(),
    many,
    ask: asker(on.mesh.routesUrl, {
      host: `${name}.example`,
      ...('cookie' in told ? { cookie: String(told['cookie']) } : { header: String(told['header']) }),
    }),
    neighbours: async () => {
      const { spec, metadata } = (await on.kubernetes.get(path)) as gateway.Route
      const rules = spec.rules.filter((rule) => !isOurs(rule))
      return { ...spec, rules, annotations: Object.keys(metadata.annotations ?? {}) } as unknown as Json
    },
    stranger: (value) =>
      edit((rules) => [
        ...rules.filter((rule) => !isOurs(rule)),
        {
          name: `${PREFIX}v2-1`,
          matches: led(value).map((user) => ({
            path: { type: 'PathPrefix', value: '/' },
            headers: [{ type: 'Exact', name: 'x-tenant', value: user }],
          })),
          filters,
          backendRefs: [gateway.ref('v2', 1)],
        },
      ]),
    mislead: () =>
      edit((rules) =>
        rules.map((rule) => (isOurs(rule) ? { ...rule, backendRefs: [gateway.ref('v1', 1)] } : rule)),
      ),
    outage: () => freeze(on.kubernetes.server.pid),
    lies: { showLate: frozen(on.mesh.istiod.pid), freezeReader: frozen(on.mesh.istiod.pid) },
    wrongCredentials: { config, deps: on.intruder() },
    secrets: on.secrets,
    end: () => on.kubernetes.remove(path),
  }
}

const asChanging = (bench: CohortBench) => ({ ...bench, target: 'cohort', values: VALUES })
const BY_HEADER = { header: 'X-Tenant' }

changingContract('traffic/istio cohort', async () => asChanging(await virtualService('tenants', BY_HEADER)), [
  'missing target',
])
changingContract(
  'traffic/gateway-api cohort',
  async () => asChanging(await httpRoute('tenants', BY_HEADER, 0)),
  ['missing target'],
)
lyingContract('traffic/istio cohort', async () => asChanging(await virtualService('late', BY_HEADER)), [
  'showLate',
  'freezeReader',
])
lyingContract('traffic/gateway-api cohort', async () => asChanging(await httpRoute('late', BY_HEADER, 0)), [
  'showLate',
  'freezeReader',
])

cohortContract('traffic/istio, by a header,', () => virtualService('by-header', BY_HEADER))
cohortContract('traffic/istio, by a cookie,', () => virtualService('by-cookie', { cookie: 'tenant' }))
cohortContract('traffic/gateway-api, by a header,', () => httpRoute('by-header', BY_HEADER, 120))
cohortContract('traffic/gateway-api, by an expression,', () =>
  httpRoute('by-expression', { ...BY_HEADER, match: 'expression' }, 500),
)
cohortContract('traffic/gateway-api, by a cookie,', () => httpRoute('by-cookie', { cookie: 'tenant' }, 500))

describe('cohorts beside others', () => {
  it('a route that holds too few matches is refused in the plan, with what else can be done', async () => {
    const bench = await httpRoute('full', BY_HEADER, 0)
    const port = connect(bench.provider, bench.config, bench.deps)
    const users = Array.from({ length: 200 }, (_, at) => `t${at}`).sort()
    const error = await port.observe('cohort', io(), [{ users }]).catch((caught: unknown) => caught)
    expect(kindOf(error)).toBe('Rejected')
    expect((error as Error).message).toMatch(
      /would make 6 rules with 202 matches; a route holds 16 and 127: .*expression/,
    )
    await bench.end()
  })

  it('members led to a Service of their own are not among those whose shares are counted', async () => {
    const on = await ground()
    await mesh.putService(on, { name: 'v2-cohort', port: on.upstreams.v2.port })
    const bench = await virtualService('own', BY_HEADER)
    const config = { ...bench.config, cohort: { ...BY_HEADER, to: { host: 'v2-cohort' } } }
    await on.allow([
      {
        cluster: 'lab',
        namespace: 'shop',
        group: '',
        resource: 'services',
        verbs: ['get'],
        names: ['v2-cohort'],
      },
    ])
    const port = connect(bench.provider, config, bench.deps)
    const seen = await port.observe('cohort', io())
    await port.write({ target: 'cohort', desired: { users: ['acme'] }, seen }, io())
    const request = { target: 'split', desired: { old: 100, new: 0 }, options: { samples: 20, tolerance: 1 } }
    let memory: JsonObject | undefined
    const settled = async () => {
      const answers = await Promise.all(['acme', null, null, 'globex'].map((user) => bench.ask(user)))
      expect(answers).toEqual(['new', 'old', 'old', 'old'])
      const confirmation = await port.confirm!({ ...request, ...(memory && { memory }) }, io())
      memory = confirmation.memory
      return confirmation.settled
    }
    await expect.poll(() => bench.ask('acme'), { timeout: 20_000 }).toBe('new')
    await until('the split is proven among the others', settled)
    await bench.end()
  })

  it('a match by the same header that somebody writes meanwhile is told, and never in the way of going back', async () => {
    const bench = await httpRoute('meanwhile', BY_HEADER, 0)
    const port = connect(bench.provider, bench.config, bench.deps)
    const before = await port.observe('cohort', io())
    await port.write({ target: 'cohort', desired: { users: ['acme'] }, seen: before }, io())
    const { kubernetes } = await ground()
    const path = gateway.pathOf('meanwhile')
    const { rules } = ((await kubernetes.get(path)) as gateway.Route).spec
    rules[1]!['matches'] = [{ headers: [{ name: 'x-tenant', value: 'vip' }] }]
    await kubernetes.patch(`${path}?fieldManager=kubectl-edit`, { spec: { rules } })
    const seen = await port.observe('cohort', io())
    expect(seen).toMatchObject({ value: { users: ['acme'] }, elsewhere: [{ value: null }] })
    await port.write({ target: 'cohort', desired: { users: [] }, before: { users: [] }, seen }, io())
    expect(await port.observe('cohort', io())).toMatchObject({ value: { users: [] } })
    await bench.end()
  })

  it('a route that tells users by the same header already is refused', async () => {
    const bench = await virtualService('taken', BY_HEADER)
    await mesh.edit(await ground(), 'taken', (http) => {
      http[1]!['match'] = [{ headers: { 'x-tenant': { prefix: 'vip-' } } }]
    })
    const port = connect(bench.provider, bench.config, bench.deps)
    const error = await port.observe('cohort', io(), [{ users: ['acme'] }]).catch((caught: unknown) => caught)
    expect((error as Error).message).toMatch(/http route main matches by the header x-tenant itself/)
    await bench.end()
  })
})
