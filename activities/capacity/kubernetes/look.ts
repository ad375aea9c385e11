// One look at the instances of a side: the number it is to have, and the floor of its autoscaler where there is one. Both are put
// back; without the floor, what an autoscaler was told would outlive the run.
import type { JsonObject } from '../../../workflows/json.ts'
import { type Capacity, capacityOf, readyWords } from '../../../workflows/ports/capacity.ts'
import type { Declaration, Io, Observed, Reconciler } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { type Writer, ownersOf, reconcilersOf, releasesOf, writerOf } from '../../kubernetes/owners.ts'
import {
  type WorkloadObject,
  cautionsIn,
  readyIn,
  replicasOf,
  troublesOf,
} from '../../kubernetes/workload-status.ts'
import { WORKLOADS, pathOfWorkload } from '../../kubernetes/workloads.ts'
import { type Autoscaler, autoscalerOf } from './autoscaler.ts'
import { type KubernetesCapacityConfig, workloadOf } from './schema.ts'

const NUMBER = 'a number of instances'
const FLOOR = 'a floor'

export interface Side {
  config: KubernetesCapacityConfig
  kube: Kube
}

export interface Look {
  target: string
  /** `Deployment shop/orders-v2`. */
  place: string
  path: string
  workload: WorkloadObject
  autoscaler: Autoscaler | null
  value: Capacity
}

export async function look({ config, kube }: Side, target: string, io: Io): Promise<Look> {
  const { namespace } = config
  const named = workloadOf(config, target)
  if (named === null) throw notNamed(config, target)
  const place = `${WORKLOADS[named.word].kind} ${namespace}/${named.name}`
  const path = pathOfWorkload(named, namespace)
  const doing = `reading ${target} (${place}) in cluster ${kube.cluster}`
  const workload = await kube.get<WorkloadObject>({ path, doing }, io)
  const autoscaler = await autoscalerOf(kube, { workload: named, namespace }, io)
  const count = replicasOf(workload)
  const value = capacityOf(count, autoscaler?.floor)
  return { target, place, path, workload, autoscaler, value }
}

export function observed(here: Look): Observed<Capacity> {
  const { workload, autoscaler, value } = here
  const { ready, isCurrent } = readyIn(workload)
  const facts: JsonObject = { ready }
  if (!isCurrent) facts.unread = 'its controller has not read the present number yet'
  if (autoscaler !== null)
    facts.autoscaler = `${autoscaler.words}, ${autoscaler.floor} to ${autoscaler.ceiling}`
  const writer = lastWriter(here)
  const reconcilers = reconcilersIn(here)
  const cautions = cautionsOf(here)
  return {
    value,
    version: versionOf(here),
    facts,
    ...(writer === null ? {} : writer),
    ...(reconcilers.length === 0 ? {} : { reconcilers }),
    ...releasesOf(autoscaler === null ? [here.workload] : [here.workload, autoscaler.object]),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

/** The identity of the workload, what it is to have, and the floor: statuses and rollouts of versions are nobody's business here. */
export function versionOf({ workload: { metadata }, value, autoscaler }: Look): string {
  return [metadata.uid, value.count, autoscaler?.object.metadata.uid ?? '-', value.floor ?? '-'].join(' ')
}

export function readiness({ target, workload }: Look, wanted: number): { settled: boolean; lines: string[] } {
  const { ready, isCurrent } = readyIn(workload)
  const lines = [`${target}: ${readyWords(ready, wanted)}`]
  if (!isCurrent) lines.push('its controller has not read the present number yet')
  const settled = isCurrent && ready >= wanted
  return { settled, lines: settled ? lines : [...lines, ...troublesOf(workload)] }
}

/** A person's word counts wherever it stands; of two machines the one of the instances. */
function lastWriter({ workload, autoscaler }: Look): Writer | null {
  const ofCount = writerOf(workload, ['spec', 'replicas'])
  const ofFloor = autoscaler === null ? null : writerOf(autoscaler.object, ['spec', autoscaler.field])
  if (ofCount?.writtenBy === 'person') return ofCount
  if (ofFloor?.writtenBy === 'person') return ofFloor
  return ofCount ?? ofFloor
}

function cautionsOf({ workload, autoscaler }: Look): string[] {
  const ofAutoscaler =
    autoscaler === null
      ? []
      : [
          ...autoscaler.cautions,
          ...ownersOf(autoscaler.object, FLOOR).map((words) => `${autoscaler.words}: ${words}`),
        ]
  return [...ownersOf(workload, NUMBER), ...cautionsIn(workload), ...ofAutoscaler]
}

function reconcilersIn({ workload, autoscaler, place }: Look): Reconciler[] {
  const own = reconcilersOf(workload, { as: place, what: NUMBER })
  if (autoscaler === null) return own
  const ofFloor = reconcilersOf(autoscaler.object, { as: scaledBy(autoscaler), what: FLOOR })
  return [...own, ...ofFloor.map((each) => ({ ...each, caution: `${autoscaler.words}: ${each.caution}` }))]
}

/** What must be declared for a number of instances: the floor of its autoscaler where there is one, else the number itself. */
export function declared(
  { autoscaler, place }: Look,
  { count, floor }: { count: number; floor: number | null },
): Declaration[] {
  if (autoscaler === null) {
    return [{ object: place, patch: [{ op: 'add', path: '/spec/replicas', value: count }] }]
  }
  if (floor === null) return []
  const patch = [{ op: 'add', path: `/spec/${autoscaler.field}`, value: floor }]
  return [{ object: scaledBy(autoscaler), patch }]
}

/** `HorizontalPodAutoscaler shop/orders-v2`. */
function scaledBy({ words, object }: Autoscaler): string {
  return words.replace(' ', ` ${object.metadata.namespace ?? ''}/`)
}

function notNamed(config: KubernetesCapacityConfig, target: string): Error {
  const sides = (['old', 'new'] as const).filter((side) => config[side] !== undefined).join(' and ')
  return failure('Missing', `capacity/kubernetes has no target ${target}: the connection names ${sides} only`)
}
