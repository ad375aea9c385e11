// The autoscaler of a workload: a HorizontalPodAutoscaler, or the ScaledObject of KEDA that makes one. While there is one, a bare
// number of instances is undone within seconds; its floor holds. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
import { failure } from '../../failure.ts'
import type { Io } from '../../../workflows/ports/target.ts'
import type { Kube, KubeObject, PatchOperation } from '../../kubernetes/client.ts'
import { WORKLOADS, type WorkloadName } from '../../kubernetes/workloads.ts'
import { AUTOSCALERS } from './schema.ts'

const KEDA_MAX = 100 // its default
const PAUSES = ['autoscaling.keda.sh/paused', 'autoscaling.keda.sh/paused-replicas']

type TargetRef = { apiVersion?: string; kind?: string; name: string }
interface Hpa extends KubeObject {
  spec: { scaleTargetRef: TargetRef; minReplicas?: number; maxReplicas: number }
}
interface ScaledObject extends KubeObject {
  spec: { scaleTargetRef: TargetRef; minReplicaCount?: number; maxReplicaCount?: number }
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
    cautions: [],
  }
}

function ofKeda(object: ScaledObject, namespace: string): Autoscaler {
  const { minReplicaCount = 0, maxReplicaCount = KEDA_MAX } = object.spec
  const paused = PAUSES.filter((name) => object.metadata.annotations?.[name] !== undefined)
  const words = `ScaledObject ${object.metadata.name}`
  return {
    words,
    path: `${pathOf('keda', namespace)}/${object.metadata.name}`,
    object,
    floor: minReplicaCount,
    ceiling: maxReplicaCount,
    field: 'minReplicaCount',
    floorMin: 0,
    cautions: paused.map((name) => `${words} is paused (${name}): it scales nothing`),
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
