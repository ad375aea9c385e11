// The controller of Flagger on an API server, with what it needs around it: nodes on which pods become ready, the gates of a worker,
// and a hand that makes its clock tick. Canaries of their own for each case.
import { keeperOf } from '../../../activities/traffic/flagger/keeper.ts'
import { GATES, pathOf as pathOfGate } from '../../../activities/traffic/flagger/gates.ts'
import type { Canary } from '../../../activities/traffic/flagger/canary.ts'
import { type Deployment, ORDER, orderFor } from '../../../activities/traffic/flagger/order.ts'
import { FlaggerConfig, rulesOf } from '../../../activities/traffic/flagger/schema.ts'
import { startFlagger } from '../../../lab/servers/flagger.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import { serveGates } from '../../../worker/gates.ts'
import { startNodes } from '../capacity/nodes.ts'
import { ACCESS, type Ground, NAMESPACE, startGround } from '../ground.ts'

const TICK_MS = 600 // Flagger's shortest interval is ten seconds; a changed one makes it run at once
const SHORTEST_S = 10
const INTERVALS = 40
const PHASE_MS_MAX = 90_000 // on busy cores
const OFFERED_MS_MAX = 15_000
const DEPLOYS_MAX = 3
export const NO_METRICS = 'http://127.0.0.1:9' // where nothing is counted in a suite

const CANARIES = `/apis/flagger.app/v1beta1/namespaces/${NAMESPACE}/canaries`
const ROUTES = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`
const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`
export const servicesPath = (name: string): string => `${SERVICES}${name === '' ? '' : `/${name}`}`
const SERVICES = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/virtualservices`

export interface FlaggerGround extends Ground {
  flagger: ServerHandle
  gates: { url: string; stop(): Promise<void>; start(): Promise<void> }
  end(): Promise<void>
}

export async function startFlaggerGround(metrics = NO_METRICS, loop = '100ms'): Promise<FlaggerGround> {
  const ground = await startGround(['istio', 'gateway-api', 'flagger'])
  const { kubernetes } = ground
  const controllers = await kubernetes.startControllers(['deployment-controller', 'replicaset-controller'])
  const nodes = startNodes(kubernetes)
  const keeper = keeperOf({ kubeconfig: 'env:KUBECONFIG' }, ground.deps())
  const quiet = { warn: () => {} }
  let endpoint = await serveGates({ host: '127.0.0.1', port: 0 }, keeper, quiet)
  const { port } = new URL(endpoint.url)
  const flagger = await startFlagger({
    kubeconfig: kubernetes.kubeconfig(kubernetes.admin),
    mesh: 'istio',
    metrics,
    loop,
  })
  return {
    ...ground,
    flagger,
    gates: {
      url: endpoint.url,
      stop: () => endpoint.close(),
      start: async () => {
        endpoint = await serveGates({ host: '127.0.0.1', port: Number(port) }, keeper, quiet)
      },
    },
    async end() {
      await flagger.close()
      await endpoint.close()
      await nodes.end()
      await controllers.close()
      await kubernetes.server.close()
    },
  }
}

export function configOf(ground: FlaggerGround, name: string, more: JsonObject = {}): JsonObject {
  const query = (service: string): string => `sum(requests_total{service="${service}"})`
  return {
    ...ACCESS,
    canary: name,
    gates: ground.gates.url,
    counts: {
      from: { url: NO_METRICS },
      old: query(`${name}-primary`),
      new: query(`${name}-canary`),
    },
    ...more,
  }
}

export interface CanaryOptions {
  analysis?: JsonObject
  spec?: JsonObject
  /** Leaves out the gates of these types, or leads them elsewhere. */
  webhooks?: JsonObject[]
  /** Of the connection. */
  more?: JsonObject
}

export function gatesOf(ground: FlaggerGround, name: string): JsonObject[] {
  return GATES.map((gate) => ({
    name: gate,
    type: gate,
    url: `${ground.gates.url}${pathOfGate({ namespace: NAMESPACE, canary: name, gate })}`,
  }))
}

/** A Deployment and a Canary that Flagger has taken up; no new revision yet. */
export async function putCanary(
  ground: FlaggerGround,
  name: string,
  { analysis = {}, spec = {}, webhooks, more = {} }: CanaryOptions = {},
): Promise<void> {
  const { kubernetes } = ground
  await ground.allow(
    rulesOf(FlaggerConfig.parse(configOf(ground, name, more)), { changed: ['split', 'stable'], looked: [] }),
  )
  const labels = { app: name }
  await kubernetes.create(DEPLOYMENTS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'v1' }] } },
    },
  })
  await kubernetes.create(CANARIES, {
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata: { name },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 8080 },
      analysis: {
        interval: '10s',
        threshold: 2,
        stepWeights: [10, 50, 100],
        webhooks: webhooks ?? gatesOf(ground, name),
        ...analysis,
      },
      ...spec,
    },
  })
  await phaseOf(ground, name, 'Initialized')
}

let revisions = 1
/**
 * What a pipeline does; resolves when Flagger holds it at its first gate. Of a Canary that it has failed, Flagger takes a revision
 * for known as soon as it has looked at it: a run of its analysis that is cut short, or overtaken by another, loses it.
 */
export async function deploy(ground: FlaggerGround, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await push(ground, name)
    try {
      const withinMs = attempt < DEPLOYS_MAX ? OFFERED_MS_MAX : PHASE_MS_MAX
      return await inPhase(ground, name, { phases: ['Waiting'], withinMs })
    } catch (error) {
      if (attempt === DEPLOYS_MAX) throw error
    }
  }
}

export async function push({ kubernetes }: FlaggerGround, name: string): Promise<void> {
  const containers = [{ name: 'app', image: `v${++revisions}` }]
  await kubernetes.patch(`${DEPLOYMENTS}/${name}`, [
    { op: 'replace', path: '/spec/template/spec/containers', value: containers },
  ])
}

export async function canaryOf({ kubernetes }: FlaggerGround, name: string): Promise<Canary> {
  return (await kubernetes.get(`${CANARIES}/${name}`)) as unknown as Canary
}

export async function editCanary({ kubernetes }: FlaggerGround, name: string, patch: object): Promise<void> {
  await kubernetes.patch(`${CANARIES}/${name}?fieldManager=kubectl-edit`, patch)
}

export async function phaseOf(ground: FlaggerGround, name: string, ...phases: string[]): Promise<void> {
  await inPhase(ground, name, { phases, withinMs: PHASE_MS_MAX })
}

async function inPhase(
  ground: FlaggerGround,
  name: string,
  { phases, withinMs }: { phases: string[]; withinMs: number },
): Promise<void> {
  let phase: string | undefined
  await until(
    `Canary ${name} is ${phases.join(' or ')}`,
    async () => {
      if (!ticking.has(name)) await tick(ground, name)
      phase = (await canaryOf(ground, name)).status?.phase
      return phases.includes(phase ?? '')
    },
    withinMs,
  )
}

/** What a Deployment runs. */
export async function imageOf({ kubernetes }: FlaggerGround, name: string): Promise<string | undefined> {
  const { spec } = (await kubernetes.get(`${DEPLOYMENTS}/${name}`)) as unknown as {
    spec: { template: { spec: { containers: { image: string }[] } } }
  }
  return spec.template.spec.containers[0]?.image
}

/** What a run leaves on the Canary, without one. */
export async function orderByHand(ground: FlaggerGround, name: string, to: number): Promise<void> {
  const canary = await canaryOf(ground, name)
  const deployment = (await ground.kubernetes.get(`${DEPLOYMENTS}/${name}`)) as unknown as Deployment
  const order = orderFor({ canary, deployment }, { from: 0, to, mesh: 'istio' })
  await editCanary(ground, name, { metadata: { annotations: { [ORDER]: JSON.stringify(order) } } })
}

let ticks = 0
/** Makes Flagger run its analysis now, and leaves it the time to. Each interval is another one: two hands must not cancel each other. */
export async function tick(ground: FlaggerGround, name: string, pauseMs = TICK_MS): Promise<void> {
  const value = `${SHORTEST_S + (ticks++ % INTERVALS)}s`
  await ground.kubernetes.patch(`${CANARIES}/${name}?fieldManager=clock`, [
    { op: 'replace', path: '/spec/analysis/interval', value },
  ])
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
}

/** Canaries whose clock is made to tick already. */
const ticking = new Set<string>()

/** Leaves a Canary to Flagger's own clock: of many that tick fast, Flagger queues what it has yet to take up (ten a second). */
export function leaveToItself(name: string): void {
  ticking.add(name)
}

/** Ticks on and on. `pauseMs`: a run of the analysis must be over by then, or it is overtaken, which Flagger's own clock never does. */
export function startClock(ground: FlaggerGround, name: string, pauseMs = TICK_MS): { end(): Promise<void> } {
  const stopped = new AbortController()
  ticking.add(name)
  const running = (async () => {
    while (!stopped.signal.aborted) {
      // The API server may be frozen.
      await tick(ground, name, pauseMs).catch(() => new Promise((resolve) => setTimeout(resolve, pauseMs)))
    }
  })()
  return {
    end: async () => {
      stopped.abort()
      await running
      ticking.delete(name)
    },
  }
}

type Weighted = { destination: { host: string }; weight?: number }
type Service = { spec: { http: { route: Weighted[] }[] } }

/** What the route says, primary first. */
export async function weightsOf({ kubernetes }: FlaggerGround, name: string): Promise<number[]> {
  const { spec } = (await kubernetes.get(`${SERVICES}/${name}`)) as unknown as Service
  return (spec.http[0]?.route ?? []).map(({ weight = 0 }) => weight)
}

/** The same of an HTTPRoute. */
export async function routeWeightsOf({ kubernetes }: FlaggerGround, name: string): Promise<number[]> {
  const { spec } = (await kubernetes.get(`${ROUTES}/${name}`)) as unknown as {
    spec: { rules: { backendRefs: { weight?: number }[] }[] }
  }
  return (spec.rules[0]?.backendRefs ?? []).map(({ weight = 1 }) => weight)
}

/** Somebody's own hand. */
export async function weigh(
  { kubernetes }: FlaggerGround,
  name: string,
  [old, fresh]: [number, number],
): Promise<void> {
  await kubernetes.patch(`${SERVICES}/${name}?fieldManager=kubectl-edit`, [
    { op: 'add', path: '/spec/http/0/route/0/weight', value: old },
    { op: 'add', path: '/spec/http/0/route/1/weight', value: fresh },
  ])
}

/** All of the route but its weights, and of the Canary what is not the clock's. */
export async function besideOf(ground: FlaggerGround, name: string): Promise<JsonObject> {
  const service = (await ground.kubernetes.get(`${SERVICES}/${name}`)) as unknown as Service
  for (const { route } of service.spec.http) for (const each of route) delete each.weight
  const { spec } = await canaryOf(ground, name)
  const { analysis = {}, ...rest } = spec
  const { interval: _, ...own } = analysis
  return { service: service.spec, canary: rest, analysis: own } as unknown as JsonObject
}
