// A workload that is fit for users on the API server, with everything that belongs to one, and what makes it unfit: one thing at a
// time, as its owner would leave it. What a kubelet would report is written into the status of its pods.
import { kubernetes as provider } from '../../../activities/preflight/kubernetes/index.ts'
import { KubernetesPreflightConfig, rulesOf } from '../../../activities/preflight/kubernetes/schema.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Demand, Examination } from '../../../workflows/ports/preflight.ts'
import { io } from '../../contract/changing.ts'
import { PRESENT, connectPreflight } from '../../contract/preflight/contract.ts'
import { type Nodes, startNodes } from '../capacity/nodes.ts'
import { ACCESS, type Ground, NAMESPACE, startGround } from '../ground.ts'

const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`
const CORE = `/api/v1/namespaces/${NAMESPACE}`
const BUDGETS = `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`
const RULES = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/destinationrules`
const FIT = {
  name: 'app',
  image: 'registry.example/orders:1.4.2',
  ports: [{ containerPort: 8080 }],
  resources: { requests: { cpu: '500m', memory: '256Mi' }, limits: { memory: '512Mi' } },
  readinessProbe: { httpGet: { path: '/healthz/ready', port: 8080 } },
  livenessProbe: { httpGet: { path: '/healthz/live', port: 8080 } },
  lifecycle: { preStop: { sleep: { seconds: 5 } } },
}

export interface Place {
  ground: Ground
  nodes: Nodes
  end(): Promise<void>
}

/** The API server with these controllers, and nodes that start what is asked for. */
export async function openPlace(names: readonly string[]): Promise<Place> {
  const ground = await startGround(['istio'])
  const controllers = await ground.kubernetes.startControllers(names.map((name) => `${name}-controller`))
  const nodes = startNodes(ground.kubernetes)
  return {
    ground,
    nodes,
    async end() {
      await nodes.end()
      await controllers.close()
      await ground.kubernetes.server.close()
    },
  }
}

export const configOf = (name: string): JsonObject => ({ ...ACCESS, workload: `deployment/${name}` })

export interface Settled {
  name: string
  /** Fields of its container, and of its pod, in place of those that are fit. */
  container?: object
  pod?: object
  replicas?: number
}

/** Deployment, Service, PodDisruptionBudget and DestinationRule, and the permissions to look at them. */
export async function settle(
  ground: Ground,
  { name, container = {}, pod = {}, replicas = 2 }: Settled,
): Promise<void> {
  const { kubernetes } = ground
  const labels = { app: name }
  await kubernetes.create(APPS, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 30, containers: [{ ...FIT, ...container }], ...pod },
      },
    },
  })
  await put(ground, ['service', name], { selector: labels, ports: [{ port: 80 }] })
  await put(ground, ['budget', name], { maxUnavailable: 1, selector: { matchLabels: labels } })
  await put(ground, ['rule', name], {
    host: name,
    trafficPolicy: { outlierDetection: { consecutive5xxErrors: 3 } },
  })
  await ground.allow(rulesOf(KubernetesPreflightConfig.parse(configOf(name))))
}

const KINDS = {
  service: { path: `${CORE}/services`, apiVersion: 'v1', kind: 'Service' },
  quota: { path: `${CORE}/resourcequotas`, apiVersion: 'v1', kind: 'ResourceQuota' },
  range: { path: `${CORE}/limitranges`, apiVersion: 'v1', kind: 'LimitRange' },
  budget: { path: BUDGETS, apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  rule: { path: RULES, apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule' },
} as const
type Beside = keyof typeof KINDS

export async function put(ground: Ground, [what, name]: [Beside, string], spec: object): Promise<void> {
  const { path, apiVersion, kind } = KINDS[what]
  await ground.kubernetes.create(path, { apiVersion, kind, metadata: { name }, spec })
}

export async function take(ground: Ground, what: Beside, name: string): Promise<void> {
  await ground.kubernetes.remove(`${KINDS[what].path}/${name}`)
}

export async function beside(ground: Ground, what: Beside, name: string): Promise<KubeObject> {
  return await ground.kubernetes.get(`${KINDS[what].path}/${name}`)
}

/** The pods of a workload that are not going. */
export async function podsOf({ kubernetes }: Ground, name: string): Promise<KubeObject[]> {
  const { items } = (await kubernetes.get(`${CORE}/pods?labelSelector=app%3D${name}`)) as unknown as {
    items: KubeObject[]
  }
  return items.filter(({ metadata }) => metadata['deletionTimestamp'] === undefined)
}

/** What a kubelet says of a pod. */
export async function report(ground: Ground, name: string, status: object): Promise<void> {
  const [pod] = await podsOf(ground, name)
  await ground.kubernetes.patch(`${CORE}/pods/${pod?.metadata.name}/status`, { status })
}

export async function remove(ground: Ground, name: string): Promise<void> {
  const { kubernetes } = ground
  const own = `labelSelector=app%3D${name}`
  await kubernetes.remove(`${APPS}/${name}`)
  await kubernetes.remove(`${APPS.replace('deployments', 'replicasets')}?${own}`) // nobody collects what belonged to it
  await kubernetes.remove(`${CORE}/pods?${own}&gracePeriodSeconds=0`)
  for (const what of ['service', 'budget', 'rule'] as const) await take(ground, what, name).catch(() => {})
}

export async function scale({ kubernetes }: Ground, name: string, replicas: number): Promise<void> {
  await kubernetes.patch(`${APPS}/${name}/scale`, { spec: { replicas } })
}

export async function change({ kubernetes }: Ground, name: string, patch: object): Promise<void> {
  await kubernetes.patch(`${APPS}/${name}`, patch)
}

export async function examine(
  ground: Ground,
  name: string,
  more: { demand?: Partial<Demand>; offByMs?: number; of?: string } = {},
): Promise<Examination> {
  const lent = ground.deps()
  const deps = { ...lent, now: () => lent.now() + (more.offByMs ?? 0) }
  const config = { ...configOf(name), ...(more.of === undefined ? {} : { of: `deployment/${more.of}` }) }
  return await connectPreflight({ provider: provider as never, deps }, config).examine(
    { ...PRESENT, ...more.demand },
    io(),
  )
}

/** `refuse readiness: what was seen`, one for each finding of these checks; without any, what was fine. */
export async function said(
  ground: Ground,
  name: string,
  of: { check: string; demand?: Partial<Demand>; offByMs?: number; of?: string },
): Promise<string[]> {
  const { findings, fine } = await examine(ground, name, of)
  const found = findings
    .filter(({ check }) => check === of.check)
    .map(({ level, seen }) => `${level}: ${seen}`)
  return found.length > 0 ? found : fine.filter((line) => line.startsWith(`${of.check}: `))
}
