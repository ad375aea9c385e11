// Workloads of their own on the API server, with autoscalers where a suite wants one, for the suites of capacity.
import { kubernetes as provided } from '../../../activities/capacity/kubernetes/index.ts'
import {
  AUTOSCALERS,
  KubernetesCapacityConfig,
  rulesOf,
} from '../../../activities/capacity/kubernetes/schema.ts'
import { WORKLOADS } from '../../../activities/kubernetes/workloads.ts'
import type { KubeObject } from '../../../lab/servers/kubernetes.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { ChangingBench } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { ACCESS, type Ground, NAMESPACE } from '../ground.ts'

const provider = provided as unknown as ChangingBench['provider']

export type Word = keyof typeof WORKLOADS
export type Scaler = keyof typeof AUTOSCALERS
export type Bounds = { scaler: Scaler; min: number; max: number }

export const configOf = (word: Word, name: string, more: JsonObject = {}): JsonObject => ({
  ...ACCESS,
  new: `${word}/${name}`,
  ...more,
})

export function workloadPath(word: Word, name = ''): string {
  const { group, version, resource } = WORKLOADS[word]
  return `/apis/${group}/${version}/namespaces/${NAMESPACE}/${resource}${name === '' ? '' : `/${name}`}`
}

export function scalerPath(scaler: Scaler, name = ''): string {
  const { group, version, resource } = AUTOSCALERS[scaler]
  return `/apis/${group}/${version}/namespaces/${NAMESPACE}/${resource}${name === '' ? '' : `/${name}`}`
}

type Workload = { word: Word; name: string; replicas: number; metadata?: object; container?: object }

export async function putWorkload(
  ground: Ground,
  { word, name, replicas, metadata = {}, container = {} }: Workload,
): Promise<void> {
  const { group, version, kind } = WORKLOADS[word]
  const labels = { app: name }
  await ground.kubernetes.create(`${workloadPath(word)}?fieldManager=helm`, {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { name, ...metadata },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', image: 'none', ...container }] },
      },
      ...(word === 'statefulset' ? { serviceName: name } : {}),
      ...(word === 'rollout' ? { strategy: { canary: {} } } : {}),
    },
  })
  await ground.allow(
    rulesOf(KubernetesCapacityConfig.parse(configOf(word, name)), { changed: ['new'], looked: [] }),
  )
}

export async function putScaler(
  { kubernetes }: Ground,
  { word, name, bounds, metadata = {} }: { word: Word; name: string; bounds: Bounds; metadata?: object },
): Promise<void> {
  const { group, version, kind } = WORKLOADS[word]
  const ref = { apiVersion: `${group}/${version}`, kind, name }
  const { min, max, scaler } = bounds
  const resource = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
  }
  const spec =
    scaler === 'hpa'
      ? { scaleTargetRef: ref, minReplicas: min, maxReplicas: max, metrics: [resource] }
      : {
          scaleTargetRef: ref,
          minReplicaCount: min,
          maxReplicaCount: max,
          triggers: [{ type: 'cpu', metadata: { value: '50' } }],
        }
  await kubernetes.create(`${scalerPath(scaler)}?fieldManager=helm`, {
    apiVersion: `${AUTOSCALERS[scaler].group}/${AUTOSCALERS[scaler].version}`,
    kind: scaler === 'hpa' ? 'HorizontalPodAutoscaler' : 'ScaledObject',
    metadata: { name, ...metadata },
    spec,
  })
}

/** Someone else sets the number, and the floor with it where there is an autoscaler. */
export async function setByHand(
  { kubernetes }: Ground,
  { word, name, scaler, count }: { word: Word; name: string; scaler?: Scaler | undefined; count: number },
): Promise<void> {
  const field = scaler === 'keda' ? 'minReplicaCount' : 'minReplicas'
  if (scaler !== undefined)
    await kubernetes.patch(`${scalerPath(scaler, name)}?fieldManager=kubectl-edit`, {
      spec: { [field]: count },
    })
  await kubernetes.patch(`${workloadPath(word, name)}/scale?fieldManager=kubectl`, {
    spec: { replicas: count },
  })
}

/** All that a run must leave alone: the rest of the workload and of its autoscaler, and another workload. */
async function neighbours(
  { kubernetes }: Ground,
  { word, name, scaler }: { word: Word; name: string; scaler: Scaler | undefined },
): Promise<Json> {
  const strip = ({ spec, metadata }: KubeObject): object => {
    const { replicas: _replicas, minReplicas: _floor, minReplicaCount: _kedas, ...rest } = spec as JsonObject
    return { spec: rest, labels: metadata['labels'] ?? null }
  }
  const own = await kubernetes.get(workloadPath(word, name))
  const other = await kubernetes.get(workloadPath('deployment', 'bystander'))
  const autoscaler = scaler === undefined ? null : strip(await kubernetes.get(scalerPath(scaler, name)))
  return { own: strip(own), autoscaler, other: other['spec'] } as unknown as Json
}

export async function workloadBench(
  ground: Ground,
  { word, name, bounds }: { word: Word; name: string; bounds?: Bounds },
): Promise<ChangingBench> {
  await putWorkload(ground, { word, name, replicas: 2 })
  if (bounds !== undefined) await putScaler(ground, { word, name, bounds })
  const scaler = bounds?.scaler
  return {
    provider,
    config: configOf(word, name),
    deps: ground.deps(),
    target: 'new',
    missingTarget: 'old',
    values: [{ count: 4 }, { count: 6 }],
    neighbours: () => neighbours(ground, { word, name, scaler }),
    stranger: (value) => setByHand(ground, { word, name, scaler, count: (value as { count: number }).count }),
    outage: () => freeze(ground.kubernetes.server.pid),
    wrongCredentials: { config: configOf(word, name), deps: ground.intruder() },
    secrets: ground.secrets,
    end: async () => ground.kubernetes.remove(workloadPath(word, name)),
  }
}
