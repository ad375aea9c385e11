// preflight/kubernetes on a real API server with its own controllers: the contract of preflights, and every check seen both ways: a
// workload that is fit, and one that its owner has left unfit in one thing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetes as provider } from '../../../activities/preflight/kubernetes/index.ts'
import { KubernetesPreflightConfig, rulesOf } from '../../../activities/preflight/kubernetes/schema.ts'
import { until } from '../../../lab/until.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Demand } from '../../../workflows/ports/preflight.ts'
import { freeze } from '../../contract/frozen.ts'
import { preflightContract } from '../../contract/preflight/contract.ts'
import type { Nodes } from '../capacity/nodes.ts'
import type { Ground } from '../ground.ts'
import {
  type Place,
  beside,
  change,
  configOf,
  examine,
  openPlace,
  podsOf,
  put,
  remove,
  report,
  said,
  scale,
  settle,
  take,
} from './place.ts'

const CONTROLLERS = ['deployment', 'replicaset', 'disruption', 'resourcequota'] as const

let place: Place
let ground: Ground
let nodes: Nodes
beforeAll(async () => {
  place = await openPlace(CONTROLLERS)
  ;({ ground, nodes } = place)
})
afterAll(() => place?.end())

const isReady = async (name: string): Promise<boolean> =>
  (await said(ground, name, { check: 'instances' })).some((line) => line.startsWith('instances: '))

async function settled(of: Parameters<typeof settle>[1]): Promise<string> {
  await settle(ground, of)
  await until(`${of.name} is ready`, () => isReady(of.name))
  return of.name
}

preflightContract('preflight/kubernetes', async () => {
  const name = await settled({ name: 'fit' })
  await ground.allow(rulesOf(KubernetesPreflightConfig.parse(configOf('nobody'))))
  return {
    provider: provider as never,
    config: configOf(name),
    deps: ground.deps(),
    async spoil() {
      nodes.failing.add(name)
      await scale(ground, name, 3)
      return {
        async end() {
          nodes.failing.delete(name)
          await scale(ground, name, 2)
        },
      }
    },
    async state() {
      const around = await Promise.all(
        (['budget', 'service', 'rule'] as const).map(
          async (what) => (await beside(ground, what, name))['spec'],
        ),
      )
      const pods = (await podsOf(ground, name)).map(({ metadata }) => metadata.name).toSorted()
      return JSON.parse(JSON.stringify({ pods, around })) as Json
    },
    missing: { config: configOf('nobody') },
    outage: () => freeze(ground.kubernetes.server.pid),
    wrongCredentials: { config: configOf(name), deps: ground.intruder() },
    secrets: ground.secrets,
    end: async () => remove(ground, name),
  }
})

describe('a workload that is fit', () => {
  it('has nothing in its way and no caution, and every check says what it has seen', async () => {
    const name = await settled({ name: 'sound' })
    await until('its budget is counted', async () => {
      const { status } = (await beside(ground, 'budget', name)) as { status?: { desiredHealthy?: number } }
      return status?.desiredHealthy === 1
    })
    expect(await examine(ground, name)).toEqual({
      findings: [],
      fine: [
        'instances: 2 of 2 ready',
        'image: registry.example/orders:1.4.2',
        'readiness: the readinessProbe of app asks /healthz/ready on port 8080; how deep its answer is, a check step with `deep: true` tells',
        'liveness: the livenessProbe of app asks /healthz/live on port 8080',
        'graceful-stop: app waits 5 s, then has 25 s of 30 s for the rest',
        'disruption-budget: PodDisruptionBudget sound keeps 1 of 2',
        'service: its pods are reached by sound',
        'circuit-breaker: DestinationRule sound of sound has outlierDetection',
        'room: no ResourceQuota is over its pods: nothing of the namespace stands against 2 instances',
        'owners: nobody else is at work on it',
        'clock: the API server and the worker agree on the time',
      ],
    })
    await remove(ground, name)
  })
})

const tcp = { tcpSocket: { port: 8080 } }
const live = { httpGet: { path: '/healthz/live', port: 8080 } }
type Case = {
  check: string
  name: string
  container?: object
  pod?: object
  demand?: Partial<Demand>
  says: string
}
const CASES: Case[] = [
  {
    check: 'readiness',
    name: 'unasked',
    container: { readinessProbe: undefined },
    says: 'refuse: container app has no readinessProbe',
  },
  {
    check: 'readiness',
    name: 'connected',
    container: { readinessProbe: tcp },
    says: 'caution: shallow: the readinessProbe of app only opens a connection to port 8080',
  },
  {
    check: 'readiness',
    name: 'same',
    container: { readinessProbe: live },
    says: 'caution: shallow: the readinessProbe of app asks what its livenessProbe asks (/healthz/live)',
  },
  {
    check: 'readiness',
    name: 'slow',
    container: { readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 60 } },
    says: 'caution: the readinessProbe of app takes 180 s to notice (3 x 60 s)',
  },
  {
    check: 'liveness',
    name: 'hanging',
    container: { livenessProbe: undefined },
    says: 'caution: container app has no livenessProbe',
  },
  {
    check: 'graceful-stop',
    name: 'hasty',
    pod: { terminationGracePeriodSeconds: 20 },
    says: 'refuse: terminationGracePeriodSeconds is 20, of which preStop of app takes 5: 15s for what is under way',
  },
  {
    check: 'graceful-stop',
    name: 'long',
    demand: { drainMs: 26_000 },
    says: 'refuse: terminationGracePeriodSeconds is 30, of which preStop of app takes 5: 25s for what is under way',
  },
  {
    check: 'graceful-stop',
    name: 'abrupt',
    container: { lifecycle: undefined },
    says: 'caution: container app has no preStop',
  },
  {
    check: 'graceful-stop',
    name: 'scripted',
    container: { lifecycle: { preStop: { exec: { command: ['/bin/sh', '-c', 'sleep 15; kill 1'] } } } },
    says: 'refuse: terminationGracePeriodSeconds is 30, of which preStop of app takes 15: 15s for what is under way',
  },
  {
    check: 'image',
    name: 'loose',
    container: { image: 'registry.example:5000/orders' },
    says: 'caution: no version is named by app (registry.example:5000/orders)',
  },
]

describe('a workload that is left unfit in its own words', () => {
  it.each(CASES)('$name: $check', async ({ check, says, demand = {}, ...of }) => {
    await settle(ground, of)
    expect((await said(ground, of.name, { check, demand }))[0]).toBe(says)
    await remove(ground, of.name)
  })
})

describe('what is beside a workload', () => {
  it('a disruption budget: none, one that lets all go, one that lets none go, two', async () => {
    const [name, check] = [await settled({ name: 'disrupted' }), 'disruption-budget']
    const selector = { matchLabels: { app: name } }
    await take(ground, 'budget', name)
    expect(await said(ground, name, { check })).toEqual(['caution: no PodDisruptionBudget selects its pods'])
    await put(ground, ['budget', name], { maxUnavailable: '100%', selector })
    expect(await said(ground, name, { check })).toEqual([
      'caution: PodDisruptionBudget disrupted keeps 0 of 2',
    ])
    await take(ground, 'budget', name)
    await put(ground, ['budget', name], { minAvailable: '60%', selector })
    expect((await said(ground, name, { check }))[0]).toBe(
      'caution: PodDisruptionBudget disrupted keeps 2 of 2: none may go',
    )
    expect((await said(ground, name, { check, demand: { instances: 5 } }))[0], 'of what the run needs').toBe(
      'disruption-budget: PodDisruptionBudget disrupted keeps 3 of 5',
    )
    await put(ground, ['budget', `${name}-too`], { minAvailable: 1, selector: {} })
    expect((await said(ground, name, { check }))[0]).toMatch(
      /^caution: 2 PodDisruptionBudgets select its pods/,
    )
    await take(ground, 'budget', `${name}-too`)
    await remove(ground, name)
  })

  it('a circuit breaker: no rule, one that breaks nothing, one of its subset; and no Service', async () => {
    const [name, check] = [await settled({ name: 'broken' }), 'circuit-breaker']
    await take(ground, 'rule', name)
    expect(await said(ground, name, { check })).toEqual(['caution: no DestinationRule here is for broken'])
    const host = `${name}.shop.svc.cluster.local`
    await put(ground, ['rule', name], {
      host,
      trafficPolicy: { outlierDetection: { consecutive5xxErrors: 0 } },
    })
    expect(await said(ground, name, { check })).toEqual([
      'caution: DestinationRule broken of broken has neither outlierDetection nor connectionPool in force',
    ])
    await put(ground, ['rule', `${name}-subset`], {
      host: '*.shop.svc.cluster.local',
      subsets: [
        {
          name: 'v2',
          labels: { app: name },
          trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } } },
        },
      ],
    })
    expect(await said(ground, name, { check })).toEqual([
      'circuit-breaker: DestinationRule broken, broken-subset of broken has connectionPool',
    ])
    await take(ground, 'rule', `${name}-subset`)
    await take(ground, 'service', name)
    expect(await said(ground, name, { check: 'service' })).toEqual(['caution: no Service selects its pods'])
    await remove(ground, name)
  })

  it('room: a quota with enough, with too little, and one that every container must answer', async () => {
    const [name, check] = [await settled({ name: 'roomy' }), 'room']
    const counted = async (quota: string): Promise<boolean> =>
      ((await beside(ground, 'quota', quota)) as { status?: { used?: object } }).status?.used !== undefined
    await put(ground, ['quota', 'compute'], { hard: { 'requests.cpu': '2', pods: '10' } })
    await until('the quota is counted', () => counted('compute'))
    expect(await said(ground, name, { check, demand: { factor: 2 } })).toEqual([
      'room: ResourceQuota compute has room for 4 instances',
    ])
    const old = await settled({ name: 'crowded', replicas: 1 })
    await scale(ground, old, 5)
    await until('the quota is counted', async () => (await podsOf(ground, old)).length > 1)
    expect(
      await said(ground, name, { check, demand: { factor: 1 }, of: old }),
      'of the side that users leave',
    ).toEqual([
      expect.stringMatching(
        /^refuse: ResourceQuota compute leaves requests.cpu for \d of 3 further instances/,
      ),
    ])
    await remove(ground, old)
    await until(
      'the quota is counted',
      async () =>
        ((await beside(ground, 'quota', 'compute')) as { status?: { used?: { pods?: string } } }).status?.used
          ?.pods === '2',
    )
    expect(await said(ground, name, { check, demand: { instances: 5 } })).toEqual([
      'refuse: ResourceQuota compute leaves requests.cpu for 2 of 3 further instances (1 of 2 used, 0.5 each)',
    ])
    // What the API server does with them, so that the figures are its own.
    await scale(ground, name, 5)
    await until('as many as have room', async () => (await podsOf(ground, name)).length === 4)
    await until('the reason is told', async () =>
      (await said(ground, name, { check: 'instances' })).some((line) =>
        line.includes('exceeded quota: compute'),
      ),
    )
    await scale(ground, name, 2)
    await put(ground, ['quota', 'limits'], { hard: { 'limits.cpu': '9' } })
    await until('the quota is counted', () => counted('limits'))
    expect(await said(ground, name, { check })).toEqual([
      'refuse: ResourceQuota limits counts limits.cpu, and container app says no cpu in its limits',
    ])
    await put(ground, ['range', 'defaults'], { limits: [{ type: 'Container', default: { cpu: '1' } }] })
    expect(await said(ground, name, { check }), 'a LimitRange says it for them').toEqual([
      'room: ResourceQuota compute, limits has room for 2 instances',
    ])
    await put(ground, ['range', 'bounds'], { limits: [{ type: 'Pod', max: { memory: '256Mi' } }] })
    expect(await said(ground, name, { check })).toEqual([
      'refuse: LimitRange bounds: a pod has 536870912, and at most 256Mi of memory is allowed',
    ])
    for (const range of ['defaults', 'bounds']) await take(ground, 'range', range)
    for (const quota of ['compute', 'limits']) await take(ground, 'quota', quota)
    await remove(ground, name)
  })

  it('instances: an image that cannot be pulled, one that crashes, none at all', async () => {
    const name = 'starting'
    nodes.failing.add(name)
    await settle(ground, { name, replicas: 1 })
    await until('its pod is there', async () => (await podsOf(ground, name)).length === 1)
    const waiting = (reason: string, message: string) => ({
      containerStatuses: [
        {
          name: 'app',
          image: '',
          imageID: '',
          ready: false,
          restartCount: 0,
          state: { waiting: { reason, message } },
        },
      ],
    })
    await report(
      ground,
      name,
      waiting('ImagePullBackOff', 'Back-off pulling image "registry.example/orders:1.4.2"'),
    )
    expect(await said(ground, name, { check: 'image' })).toEqual([
      'refuse: app: ImagePullBackOff: Back-off pulling image "registry.example/orders:1.4.2"',
    ])
    await report(ground, name, waiting('CrashLoopBackOff', 'back-off 10s restarting failed container'))
    expect(await said(ground, name, { check: 'instances' })).toEqual([
      'refuse: 0 of 1 ready, app: CrashLoopBackOff: back-off 10s restarting failed container',
    ])
    const finishedAt = new Date().toISOString()
    const lastState = {
      terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt, startedAt: finishedAt },
    }
    await report(ground, name, {
      containerStatuses: [{ name: 'app', image: '', imageID: '', ready: true, restartCount: 1, lastState }],
    })
    nodes.failing.delete(name)
    await until('it is ready', async () =>
      (await said(ground, name, { check: 'instances' })).every((line) => !line.startsWith('refuse')),
    )
    expect(await said(ground, name, { check: 'instances' })).toEqual([
      expect.stringMatching(/^caution: started anew within the last hour: app of starting-\S+: OOMKilled$/),
    ])
    await scale(ground, name, 0)
    expect(await said(ground, name, { check: 'instances' })).toEqual(['caution: no instance runs'])
    await remove(ground, name)
  })

  it('who else declares it, and a clock that is off', async () => {
    const name = await settled({ name: 'declared' })
    await change(ground, name, {
      metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'shop:apps' } },
    })
    expect(await said(ground, name, { check: 'owners' })).toEqual([
      expect.stringContaining('caution: Argo CD declares it (application shop)'),
    ])
    const clock = (offByMs: number) => said(ground, name, { check: 'clock', offByMs })
    expect(await clock(20_000)).toEqual([expect.stringMatching(/^caution: the clock .* is \S+ behind that/)])
    expect(await clock(-90_000)).toEqual([expect.stringMatching(/^refuse: the clock .* ahead of that/)])
    await remove(ground, name)
  })
})
