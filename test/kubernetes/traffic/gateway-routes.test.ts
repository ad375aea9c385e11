// traffic/gateway-api where routes are not simple: proof by requests that a real Prometheus has counted, several rules, orders that
// come too late, backends that are not there, and who else declares a route.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { type Prometheus, startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { type Upstream, sendLoad, startUpstream } from '../../contract/traffic/upstream.ts'
import { type Ground, startGround } from '../ground.ts'
import { type Gateway, startGateway } from './gateway.ts'
import {
  ORDERS,
  type Route,
  type Rule,
  configOf,
  edit,
  pathOf,
  provider,
  putRoute,
  read,
  ref,
} from './gateway-bench.ts'

let ground: Ground
let gateway: Gateway | undefined
beforeAll(async () => void (ground = await startGround(['gateway-api'])))
afterAll(async () => ground?.kubernetes.server.close())
afterEach(async () => {
  await gateway?.end()
  gateway = undefined
})

const portOf = (name: string, more: JsonObject = {}): Changing =>
  connect(provider, configOf(name, more), ground.deps())
const routeOf = async (name: string) => (await ground.kubernetes.get(pathOf(name))) as Route
const weightsOf = async (name: string): Promise<unknown[]> =>
  (await routeOf(name)).spec.rules.map(({ backendRefs }) => backendRefs.map(({ weight }) => weight))
const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const set = async (port: Changing, target: string, desired: Json): Promise<void> => {
  const expected = (await port.observe(target, io())).value
  expect(await applyTo(port, { target, desired, expected }, io())).toMatchObject({ readBack: 'match' })
}

describe('traffic/gateway-api proves by counted requests', () => {
  let metrics: Prometheus
  let upstreams: Upstream[]
  let port: Changing
  const from = () => ({ url: metrics.url })

  beforeAll(async () => {
    upstreams = await Promise.all(['old', 'new', 'shadow'].map(startUpstream))
  })
  afterAll(async () => {
    await metrics?.server.close()
    await Promise.all(upstreams.map((upstream) => upstream.end()))
  })

  const total = async (): Promise<number> => {
    const answer = await fetch(`${metrics.url}/api/v1/query?query=sum(requests_total{backend=~"v1|v2"})`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return Number(data.result[0]?.value[1] ?? 0)
  }
  /** Sends requests and waits until Prometheus has counted them. */
  const load = async (requests: number): Promise<Record<string, number>> => {
    const before = await total()
    const { sides, failed } = await sendLoad({ url: gateway!.url, requests, perSecond: 500 })
    expect(failed).toEqual([])
    await until('they are counted', async () => (await total()) >= before + requests)
    return sides
  }

  it('a share, a mirror and a whole move, and not what was merely accepted', async () => {
    await putRoute(ground, { name: 'counted', rules: structuredClone(ORDERS) })
    const [old, fresh, shadow] = upstreams as [Upstream, Upstream, Upstream]
    gateway = await startGateway(ground.kubernetes, {
      path: pathOf('counted'),
      backends: { v1: old, v2: fresh, shadow },
    })
    await read(ground, 'counted')
    metrics = await startPrometheus({ scrape: [{ job: 'gateway', targets: [gateway.metrics.host] }] })
    port = portOf('counted', { counts: { ...(configOf('counted')['counts'] as JsonObject), from: from() } })
    await until('it is scraped', async () => (await failing(total())) === 'done' && (await total()) >= 0)
    const proof = async (target: string, desired: JsonObject, memory?: JsonObject) =>
      await port.confirm!(
        { target, desired, options: { samples: 300, tolerance: 5 }, ...(memory && { memory }) },
        io(),
      )

    await set(port, 'split', { old: 75, new: 25 })
    const first = await proof('split', { old: 75, new: 25 })
    expect(first).toMatchObject({ settled: false })
    await load(100)
    expect(await proof('split', { old: 75, new: 25 }, first.memory)).toMatchObject({ settled: false })
    expect(await load(300)).toEqual({ old: 225, new: 75 })
    const proven = await proof('split', { old: 75, new: 25 }, first.memory)
    expect(proven, proven.lines.join('\n')).toMatchObject({ settled: true })
    expect(proven.lines).toContain('new 25.0 % of 400 requests, wanted 25 % within 5 points')

    await set(port, 'mirror', { percent: 20 })
    const begun = await proof('mirror', { percent: 20 })
    await load(400)
    const mirrored = await proof('mirror', { percent: 20 }, begun.memory)
    expect(mirrored, mirrored.lines.join('\n')).toMatchObject({ settled: true })
    await set(port, 'mirror', { percent: 0 })

    // The controller says that it has read the move, and sends users on as before: only counting shows it.
    gateway.misdeeds.ignores = true
    await set(port, 'split', { old: 0, new: 100 })
    const ignored = await proof('split', { old: 0, new: 100 })
    await load(400)
    const unproven = await proof('split', { old: 0, new: 100 }, ignored.memory)
    expect(unproven.settled).toBe(false)
    expect(unproven.lines[0]).toMatch(/^old was given \d+ of 400 requests although its share is 0 %$/)
  })

  it('says that there is no count where the query finds no series, and believes nothing', async () => {
    const counts = {
      from: from(),
      old: 'sum(requests_total{backend="v1"})',
      new: 'sum(nothing_of_that_name)',
      shadow: 'vector(1)',
    }
    gateway = await startGateway(ground.kubernetes, { path: pathOf('counted'), backends: {} })
    const silent = portOf('counted', { counts })
    const { value } = await silent.observe('split', io())
    const request = { target: 'split', desired: value, options: {} }
    const { memory } = await silent.confirm!(request, io())
    const { settled, lines } = await silent.confirm!({ ...request, memory: memory! }, io())
    expect(settled).toBe(false)
    expect(lines).toContain('no count of the new side: no series matched')
  })
})

describe('traffic/gateway-api', () => {
  const two = (): Rule[] => [
    { name: 'api', backendRefs: [ref('v1', 1), ref('v2', 0)] },
    { name: 'web', backendRefs: [ref('v1', 3), ref('v2', 0)] },
  ]

  it('moves several rules in one write, and puts the weights of each back as they were', async () => {
    await putRoute(ground, { name: 'two', rules: two() })
    expect(await failing(portOf('two').observe('split', io()))).toBe(
      'Config: HTTPRoute shop/two: several rules send to both sides: rule api, rule web; name those to be moved in rules',
    )
    const port = portOf('two', { rules: ['api', 1] })
    const before = (await port.observe('split', io())).value
    await set(port, 'split', { old: 75, new: 25 })
    expect(await weightsOf('two')).toEqual([
      [75, 25],
      [75, 25],
    ])
    const generation = (await routeOf('two')).metadata.generation
    await set(port, 'split', { old: 0, new: 100 })
    expect((await routeOf('two')).metadata.generation, 'one write').toBe(generation + 1)
    await set(port, 'split', before)
    expect(await weightsOf('two')).toEqual([
      [1, 0],
      [3, 0],
    ])
  })

  it('says which rule is not as the others, and which is left behind', async () => {
    await putRoute(ground, { name: 'three', rules: two() })
    await ground.kubernetes.patch(pathOf('three'), [
      { op: 'replace', path: '/spec/rules/1/backendRefs/1/weight', value: 1 },
    ])
    const seen = await portOf('three', { rules: ['api', 'web'] }).observe('split', io())
    expect(seen.elsewhere).toEqual([
      { place: 'rule web of HTTPRoute shop/three', value: { old: 75, new: 25 } },
    ])
    const { cautions } = await portOf('three', { rules: ['api'] }).observe('split', io())
    expect(cautions).toContain(
      'rule web sends to v1 and v2 too and is not moved: name it in rules, or its users stay',
    )
  })

  it('refuses what would answer 500 to everybody, what a weight cannot say, and routes that are not fit', async () => {
    await putRoute(ground, {
      name: 'unfit',
      rules: [
        { backendRefs: [ref('v1', 1), ref('v2', 0), ref('canary', 5)] },
        { backendRefs: [ref('v3', 1, 80), ref('v3', 1, 81), ref('v4', 0)] },
        { backendRefs: [ref('v5', 1), ref('v6', 0)] },
      ],
    })
    const good = portOf('unfit', { old: 'v5', new: 'v6' })
    const write = (desired: Json) =>
      failing(
        good.observe('split', io()).then((seen) => good.write({ target: 'split', desired, seen }, io())),
      )
    expect(await write({ old: 0, new: 0 })).toBe(
      'Rejected: HTTPRoute shop/unfit: weights 0 and 0 would answer every request with status 500',
    )
    expect(await write({ old: 99.999, new: 0.001 })).toMatch(/^Rejected: .*not shares in steps of 0.01 %$/)
    expect(await failing(good.observe('split', io(), [{ old: 0, new: 0 }])), 'told by a plan').toMatch(
      /^Rejected/,
    )
    expect(await failing(portOf('unfit').observe('split', io()))).toBe(
      'Config: HTTPRoute shop/unfit: rule 0 also sends to canary (weight 5): a cutover moves requests between two backends only',
    )
    expect(await failing(portOf('unfit', { old: 'v3', new: 'v4' }).observe('split', io()))).toBe(
      'Config: HTTPRoute shop/unfit: rule 1 has several backendRefs v3 (v3:80, v3:81, v4:8080): name one with its port',
    )
    expect(await failing(portOf('unfit', { old: 'v5', new: 'v9' }).observe('split', io()))).toMatch(
      /^Missing: HTTPRoute shop\/unfit has no rule that sends to v5 and v9: rule 0 to v1 and v2 and canary; .*with weight 0$/,
    )
    expect(await failing(good.observe('weight', io()))).toBe(
      'Unsupported: traffic/gateway-api cannot change weight: it has split, mirror and cohort only',
    )
  })

  it('makes an order void that timed out, before the way back is believed', async () => {
    await putRoute(ground, { name: 'late', rules: structuredClone(ORDERS) })
    const port = portOf('late')
    const before = (await port.observe('split', io())).value
    const { metadata } = await routeOf('late')
    // The order of a try that timed out: it is still on its way, over the version that was looked at.
    const order = [
      { op: 'replace', path: '/metadata/resourceVersion', value: metadata['resourceVersion'] },
      { op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: 25 },
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
    const landing = ground.kubernetes.patch(pathOf('late'), order)
    await expect(landing).rejects.toThrow(/409/)
    expect(await weightsOf('late')).toEqual([[100, 0], [1]])
    expect((await routeOf('late')).metadata.annotations, 'no trace is left').toBe(undefined)
  })

  it('is not back before its controllers have read it, also for a worker that has not seen what they serve', async () => {
    await putRoute(ground, { name: 'behind', rules: structuredClone(ORDERS) })
    gateway = await startGateway(ground.kubernetes, { path: pathOf('behind'), backends: {} })
    await read(ground, 'behind')
    const [one, other] = [portOf('behind'), portOf('behind')]
    const before = (await one.observe('split', io())).value
    await set(one, 'split', { old: 95, new: 5 })
    await read(ground, 'behind')
    gateway.misdeeds.isFrozen = true // it goes on sending 5 % to the new side
    const request = {
      target: 'split',
      before,
      ours: [before, { old: 95, new: 5 }],
      halves: [],
      isUncertain: false,
      isRepeated: false,
      portName: 'traffic' as const,
    }
    const late = /^Unavailable: split was written back to .*, but it reads /
    expect(await failing(restoreTo(one, request, io()))).toMatch(late)
    expect(await weightsOf('behind'), 'nobody waits for them').toEqual([[100, 0], [1]])
    expect(await failing(restoreTo(other, { ...request, isRepeated: true }, io()))).toMatch(late)
    expect((await other.observe('split', io())).elsewhere).toEqual([
      {
        place:
          'HTTPRoute shop/behind: test.example/gateway of Gateway edge has read generation 2 of 3; test.example/gateway of Gateway inside has read generation 2 of 3; what that one held is not known',
        value: null,
        isUntold: true,
      },
    ])
    gateway.misdeeds.isFrozen = false
    await read(ground, 'behind')
    expect(await restoreTo(other, { ...request, isRepeated: true }, io())).toMatchObject({
      written: 'unchanged',
    })
  })

  it('takes a mirror off the rules that have one, and needs none in the others', async () => {
    await putRoute(ground, { name: 'mirrors', rules: two() })
    const port = portOf('mirrors', { rules: ['api', 'web'] })
    await set(port, 'mirror', { percent: 20 })
    await ground.kubernetes.patch(pathOf('mirrors'), [{ op: 'remove', path: '/spec/rules/0/filters' }])
    const seen = await port.observe('mirror', io())
    expect(await failing(port.write({ target: 'mirror', desired: { percent: 0 }, seen }, io()))).toBe('done')
    expect((await routeOf('mirrors')).spec.rules.map(({ filters }) => filters)).toEqual([
      undefined,
      undefined,
    ])
  })

  it('does not take a value that was changed and changed back for untouched', async () => {
    await putRoute(ground, { name: 'there-and-back', rules: structuredClone(ORDERS) })
    gateway = await startGateway(ground.kubernetes, { path: pathOf('there-and-back'), backends: {} })
    const port = portOf('there-and-back')
    const seen = await port.observe('split', io())
    for (const weight of [40, 0])
      await edit(ground, 'there-and-back', (rules) => void (rules[0]!.backendRefs[1]!.weight = weight))
    expect(await failing(port.write({ target: 'split', desired: { old: 75, new: 25 }, seen }, io()))).toMatch(
      /^Unavailable: .*written since, with the same content; looking again$/,
    )
    await edit(ground, 'there-and-back', (rules) => void (rules[1]!.backendRefs[0]!.weight = 7))
    const besides = await port.observe('split', io())
    await edit(ground, 'there-and-back', (rules) => void (rules[1]!.backendRefs[0]!.weight = 8))
    expect(
      await failing(port.write({ target: 'split', desired: { old: 75, new: 25 }, seen: besides }, io())),
      'a change beside the target is no conflict',
    ).toBe('done')
    await edit(ground, 'there-and-back', (rules) => void (rules[0]!.backendRefs[1]!.weight = 60))
    expect(
      await failing(port.write({ target: 'split', desired: { old: 50, new: 50 }, seen: besides }, io())),
    ).toMatch(/^Conflict: .*changed by kubectl-edit since; found \{"old":55.56,"new":44.44/)
  })

  it('says who else declares the route, what its controllers refuse, and what nobody speaks of', async () => {
    await putRoute(ground, {
      name: 'declared',
      rules: structuredClone(ORDERS),
      metadata: {
        labels: {
          'kustomize.toolkit.fluxcd.io/name': 'apps',
          'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
        },
        annotations: {
          'argocd.argoproj.io/tracking-id': 'shop:gateway.networking.k8s.io/HTTPRoute:shop/declared',
          'meta.helm.sh/release-name': 'orders',
        },
      },
    })
    const port = portOf('declared')
    const { cautions, facts, releases } = await port.observe('split', io())
    expect(facts).toMatchObject({ generation: 1 })
    expect(releases).toEqual(['shop/orders'])
    expect(cautions).toEqual([
      'Argo CD declares it (application shop) and may put back weights set here: suspend its automated sync (`argocd app set shop --sync-policy none`) for the time of the run',
      'Flux declares it (kustomization flux-system/apps) and may put back weights set here: suspend it (`flux suspend kustomization apps -n flux-system`) for the time of the run',
      'no controller says anything of Gateway edge: nothing shows that it uses this route',
      'no controller says anything of Gateway inside: nothing shows that it uses this route',
    ])
    await refuseRefs('declared')
    expect((await port.observe('split', io())).cautions).toContain(
      'Gateway edge: ResolvedRefs is False: BackendNotFound: backend(v2.shop.svc) not found',
    )
    const before = (await port.observe('split', io())).value
    const write = async (desired: Json, back?: Json) => {
      const seen = await port.observe('split', io())
      return await failing(
        port.write({ target: 'split', desired, seen, ...(back === undefined ? {} : { before: back }) }, io()),
      )
    }
    expect(await write({ old: 95, new: 5 })).toMatch(/^Rejected: .*its share would be answered 500$/)
    await set(port, 'split', { old: 100, new: 0 })
    expect(await write(before, before), 'the way back waits for nothing').toBe('done')
  })

  it('tries in a plan whether the way back would be allowed, and names each permission that is missing', async () => {
    await putRoute(ground, { name: 'allowed', rules: structuredClone(ORDERS) })
    expect(await portOf('allowed').permits!('split', io())).toBe(
      'the API server lets the worker get and patch httproutes allowed in shop; a write of what is there was tried without effect',
    )
    expect((await routeOf('allowed')).metadata.generation).toBe(1)
    const intruder = connect(provider, configOf('allowed'), ground.intruder())
    expect(await failing(intruder.permits!('split', io()))).toBe(
      'Denied: asking for permissions in cluster lab: the worker may not get httproutes allowed in shop; patch httproutes allowed in shop. `cutover rbac FILE` prints the role that a runbook needs',
    )
  })
})

/** As a controller says it of a backend that is not there. */
async function refuseRefs(name: string): Promise<void> {
  const { metadata } = await routeOf(name)
  const condition = ([type, status, reason]: string[], message = '') => ({
    type,
    status,
    reason,
    message,
    observedGeneration: metadata.generation,
    lastTransitionTime: new Date().toISOString(),
  })
  const conditions = [
    condition(['Accepted', 'True', 'Accepted']),
    condition(['ResolvedRefs', 'False', 'BackendNotFound'], 'backend(v2.shop.svc) not found'),
  ]
  const parents = [{ parentRef: { name: 'edge' }, controllerName: 'test.example/gateway', conditions }]
  await ground.kubernetes.patch(`${pathOf(name)}/status`, { status: { parents } })
}
