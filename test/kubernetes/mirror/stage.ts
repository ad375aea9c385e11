// Workers that are told to show runs in Kubernetes, as processes, over a simulated world; and what stands in Kubernetes, looked at
// without them.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { Folder } from '../../../lab/folder.ts'
import type { KubeObject, Kubernetes } from '../../../lab/servers/kubernetes.ts'
import type { Temporal } from '../../../lab/servers/temporal.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../../lab/stage/worker.ts'
import { until } from '../../../lab/until.ts'

const DEPLOY = new URL('../../../deploy/kubernetes/', import.meta.url)
export const NAMESPACE = 'cutover'
export const ACCOUNT = { name: 'worker', token: 'worker-token-of-a-test' }
const PATH = `/apis/cutover.dev/v1alpha1/namespaces/${NAMESPACE}/cutovers`

export type Shown = KubeObject & {
  spec: { service: string; digest?: string }
  status?: {
    phase?: string
    outcome?: string
    step?: string
    share?: string
    reason?: string
    runId?: string
    gate?: { id: string; title: string; people: string[]; allows: string[] }
    version: { startedAt: string; beganAt: string; events: number }
    conditions: { type: string; status: string; message: string }[]
  }
}

/** The definition and the role, as they are shipped; the account of the role is that of the tests. */
export async function install(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const name = 'cutovers.cutover.dev'
  await kubernetes.patch(`${definitions}/${name}?fieldManager=lab`, shipped('cutovers.crd.yaml'))
  await until('the definition is established', async () => {
    const { status } = (await kubernetes.get(`${definitions}/${name}`)) as unknown as {
      status?: { conditions?: { type: string; status: string }[] }
    }
    return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Established' && is === 'True')
  })
  for (const document of parseAllDocuments(shipped('mirror-role.yaml'))) {
    const object = document.toJS() as KubeObject
    const plural = object.kind === 'Role' ? 'roles' : 'rolebindings'
    const subjects = [{ kind: 'User', name: ACCOUNT.name, apiGroup: 'rbac.authorization.k8s.io' }]
    await kubernetes.create(
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/${plural}`,
      object.kind === 'Role' ? object : { ...object, subjects },
    )
  }
}

export function shipped(file: string): string {
  return readFileSync(new URL(file, DEPLOY), 'utf8')
}

/** `name` tells its kubeconfig from that of another worker. */
export async function startMirroring(
  of: { temporal: Temporal; kubernetes: Kubernetes; folder: Folder },
  name: string,
): Promise<LabWorker> {
  const kubeconfig = join(of.folder.path, `${name}.kubeconfig`)
  writeFileSync(kubeconfig, of.kubernetes.kubeconfig(ACCOUNT.token), { mode: 0o600 })
  return await startWorker({
    ...temporalEnvironment({ temporal: of.temporal }),
    CUTOVER_MIRROR_NAMESPACE: NAMESPACE,
    CUTOVER_MIRROR_KUBECONFIG: `file:${kubeconfig}`,
  })
}

export async function shownOf(kubernetes: Kubernetes, service: string): Promise<Shown | null> {
  return (await kubernetes.get(`${PATH}/${service}`).catch((error: Error) => {
    if (/: 404 /.test(error.message)) return null
    throw error
  })) as Shown | null
}

/** Waits until it is shown so; gives what is shown then. */
export async function untilShown(
  kubernetes: Kubernetes,
  service: string,
  isSo: (status: NonNullable<Shown['status']>) => boolean,
): Promise<Shown> {
  let last: Shown | null = null
  await until(`${service} is shown as wanted`, async () => {
    last = await shownOf(kubernetes, service)
    const { status } = (last ?? {}) as Shown
    return status !== undefined && isSo(status)
  })
  return last as unknown as Shown
}

type Event = { type: string; reason: string; message: string; involvedObject: { name: string } }

export async function eventsOf(kubernetes: Kubernetes, service: string): Promise<Event[]> {
  const { items } = (await kubernetes.get(`/api/v1/namespaces/${NAMESPACE}/events`)) as unknown as {
    items: Event[]
  }
  return items.filter(({ involvedObject }) => involvedObject.name === service)
}

/** As somebody else would make one. */
export async function put(
  kubernetes: Kubernetes,
  name: string,
  { labels = {}, ...spec }: { labels?: Record<string, string>; service: string; temporalNamespace: string },
): Promise<KubeObject> {
  const head = { apiVersion: 'cutover.dev/v1alpha1', kind: 'Cutover', metadata: { name, labels } }
  return await kubernetes.create(PATH, { ...head, spec })
}

export async function edit(kubernetes: Kubernetes, service: string, patch: object): Promise<void> {
  await kubernetes.patch(`${PATH}/${service}`, patch)
}

export async function editStatus(kubernetes: Kubernetes, service: string, patch: object): Promise<void> {
  await kubernetes.patch(`${PATH}/${service}/status`, { status: patch })
}

export async function remove(kubernetes: Kubernetes, service: string): Promise<void> {
  await kubernetes.remove(`${PATH}/${service}`)
}

/** As `kubectl get cutovers` has it: the columns and cells that the API server makes. */
export async function table(kubernetes: Kubernetes): Promise<{ columns: string[]; rows: unknown[][] }> {
  const { columnDefinitions, rows } = await kubernetes.table(PATH)
  const shown = columnDefinitions.filter(({ priority }) => priority === 0).map(({ name }) => name)
  return { columns: shown, rows: rows.map(({ cells }) => cells.slice(0, shown.length)) }
}

/** Runbooks over a world of their own. */
export function runbook(folder: Folder, service: string, steps: string): string {
  const file = join(folder.path, `${service}.yaml`)
  writeFileSync(
    file,
    `cutover: v1
service: ${service}
drain: 0s
connections:
  edge: { provider: traffic/sim, world: ${service}, rate: 500/s }
  prom: { provider: metrics/sim, world: ${service} }
guards:
  errors: { from: prom, query: "error_ratio($side, 3s)", samples: "requests($side, 3s)", side: new, max: 1%, every: 1s, min_samples: 5, breach: 3 in a row }
steps:
${steps}`,
  )
  return file
}

const quick = 'hold: 1s, good: 1 in a row, samples: 0'
export const MOVE = `  - canary: { connection: edge, weights: [25%], ${quick} }
  - approve: { people: [maria, raj], expires: 10m, title: All users }
  - switch: { connection: edge, ${quick} }
`
/** What workers that share no world can carry out together. */
export const ASK = `  - approve: { people: [maria, raj], expires: 10m, title: First }
  - hold: { for: 1s, guards: [] }
  - approve: { people: [maria, raj], expires: 10m, title: Second }
`
