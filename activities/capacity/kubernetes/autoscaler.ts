// The autoscaler of a workload: a HorizontalPodAutoscaler, or the ScaledObject of KEDA that makes one. While there is one, a bare
// number of instances is undone within seconds; its floor holds. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
import { failure } from '../../failure.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import type { Kube, KubeObject, PatchOperation } from '../../kubernetes/client.ts'
import { WORKLOADS, type WorkloadName } from '../../kubernetes/workloads.ts'
import { AUTOSCALERS } from './schema.ts'

const KEDA_MAX = 100 // its default
const PAUSED = 'autoscaling.keda.sh/paused'
const PAUSED_AT = 'autoscaling.keda.sh/paused-replicas' // counts before the other one
const NO = ['0', 'f', 'F', 'false', 'FALSE', 'False'] // as KEDA reads it; whatever else stands there pauses

type TargetRef = { apiVersion?: string; kind?: string; name: string }
interface Hpa extends KubeObject {
  spec: { scaleTargetRef: TargetRef; minReplicas?: number; maxReplicas: number }
}
interface ScaledObject extends KubeObject {
  spec: {
    scaleTargetRef: TargetRef
    minReplicaCount?: number
    maxReplicaCount?: number
    /** So many without any work, whatever the floor. */
    idleReplicaCount?: number
  }
}

export interface Autoscaler {
  words: string
  path: string
  object: KubeObject
  floor: number
  ceiling: number
  /** Where the floor stands. */
  field: string
  /** It may hold none at all: a HorizontalPodAutoscaler leaves a workload of no instances alone, and its floor is one at least. */
  floorMin: number
  /** KEDA sets this number and puts back any other, floor or no floor; null: it does not. */
  heldAt: number | null
  cautions: string[]
}

/** Null: nothing scales it. Raises Config where two would. */
export async function autoscalerOf(
  kube: Kube,
  { workload, namespace }: { workload: WorkloadName; namespace: string },
  io: Io,
): Promise<Autoscaler | null> {
  const listed = async <O>(of: keyof typeof AUTOSCALERS): Promise<O[]> => {
    const path = pathOf(of, namespace)
    const doing = `looking for an autoscaler of ${workload.word} ${namespace}/${workload.name} in cluster ${kube.cluster}`
    return (await kube.list<O>({ path, doing }, io)) ?? []
  }
  const [hpas, scaledObjects] = await Promise.all([listed<Hpa>('hpa'), listed<ScaledObject>('keda')])
  const found = [
    ...scaledObjects
      .filter(({ spec }) => isFor(spec.scaleTargetRef, workload))
      .map((each) => ofKeda(each, namespace)),
    // What KEDA makes, KEDA puts back: the floor is changed where it is declared.
    ...hpas
      .filter(({ spec, metadata }) => isFor(spec.scaleTargetRef, workload) && !isMade(metadata))
      .map((each) => ofHpa(each, namespace)),
  ]
  if (found.length <= 1) return found[0] ?? null
  const names = found.map(({ words }) => words).join(' and ')
  throw failure(
    'Config',
    `${workload.word} ${namespace}/${workload.name} is scaled by ${names}: one of them is too many`,
  )
}

/** Over the version of the look. */
export function floorPatch({ object, field, floor }: Autoscaler, wanted: number): PatchOperation[] | null {
  if (wanted === floor) return null
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    { op: 'add', path: `/spec/${field}`, value: wanted },
  ]
}

function ofHpa(object: Hpa, namespace: string): Autoscaler {
  const { minReplicas = 1, maxReplicas } = object.spec
  return {
    words: `HorizontalPodAutoscaler ${object.metadata.name}`,
    path: `${pathOf('hpa', namespace)}/${object.metadata.name}`,
    object,
    floor: minReplicas,
    ceiling: maxReplicas,
    field: 'minReplicas',
    floorMin: 1,
    heldAt: null,
    cautions: [],
  }
}

function ofKeda(object: ScaledObject, namespace: string): Autoscaler {
  const { minReplicaCount = 0, maxReplicaCount = KEDA_MAX, idleReplicaCount: idle } = object.spec
  const { [PAUSED]: paused, [PAUSED_AT]: pausedAt } = object.metadata.annotations ?? {}
  const words = `ScaledObject ${object.metadata.name}`
  const isPaused = pausedAt === undefined && paused !== undefined && !NO.includes(paused)
  return {
    words,
    path: `${pathOf('keda', namespace)}/${object.metadata.name}`,
    object,
    floor: minReplicaCount,
    ceiling: maxReplicaCount,
    field: 'minReplicaCount',
    floorMin: idle === undefined ? 0 : idle + 1, // it refuses a floor that is not above that
    heldAt: pausedAt !== undefined && /^\d+$/.test(pausedAt) ? Number(pausedAt) : null,
    cautions: [
      ...(isPaused ? [`${words} is paused (${PAUSED}): it scales nothing`] : []),
      ...(pausedAt === undefined ? [] : [`${words} is held at ${pausedAt} (${PAUSED_AT})`]),
      ...(idle === undefined
        ? []
        : [
            `${words} has an idleReplicaCount of ${idle}: while none of its triggers has work it takes the others away, whatever its floor`,
          ]),
    ],
  }
}

function isMade({ ownerReferences = [] }: KubeObject['metadata']): boolean {
  return ownerReferences.some(({ kind }) => kind === 'ScaledObject')
}

function isFor({ apiVersion, kind = 'Deployment', name }: TargetRef, workload: WorkloadName): boolean {
  const { group, kind: wanted } = WORKLOADS[workload.word]
  const isOfGroup = apiVersion === undefined || apiVersion.split('/')[0] === group
  return isOfGroup && kind === wanted && name === workload.name
}

function pathOf(of: keyof typeof AUTOSCALERS, namespace: string): string {
  const { group, version, resource } = AUTOSCALERS[of]
  return `/apis/${group}/${version}/namespaces/${namespace}/${resource}`
}
