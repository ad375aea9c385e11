// A workload as the API server stores it: how many instances it is to have, how many are ready, what stands in its way. Pure.
import type { KubeObject } from './client.ts'

export interface WorkloadObject extends KubeObject {
  spec?: { replicas?: number; paused?: boolean; minReadySeconds?: number }
  status?: {
    /** A text in Rollouts. */
    observedGeneration?: number | string
    replicas?: number
    readyReplicas?: number
    availableReplicas?: number
    updatedReplicas?: number
    conditions?: { type: string; status: string; reason?: string; message?: string }[]
  }
}

export function replicasOf({ spec }: WorkloadObject): number {
  return spec?.replicas ?? 1 // the default of every kind
}

/** Instances that can serve. `isCurrent`: its controller has read what it is to have. */
export function readyIn({ metadata, status }: WorkloadObject): { ready: number; isCurrent: boolean } {
  return {
    ready: status?.readyReplicas ?? 0,
    isCurrent: Number(status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
  }
}

/** Why instances are not ready, in the words of its controller. */
export function troublesOf({ status }: WorkloadObject): string[] {
  return (status?.conditions ?? [])
    .filter(({ type, status: is }) => isTrouble(type, is))
    .map(
      ({ type, reason = '', message = '' }) =>
        `${type}: ${[reason, message].filter((word) => word !== '').join(': ')}`,
    )
}

export function cautionsIn(workload: WorkloadObject): string[] {
  const { spec, status, metadata } = workload
  const { updatedReplicas = 0, replicas = 0 } = status ?? {}
  return [
    ...(metadata.deletionTimestamp === undefined ? [] : ['it is being deleted']),
    ...(replicas > 0 && updatedReplicas < replicas && replicasOf(workload) > 0
      ? [`a new version is being rolled out: ${updatedReplicas} of ${replicas} instances have it`]
      : []),
    ...(spec?.paused === true ? ['its rollout is paused: instances follow, versions do not'] : []),
    ...troublesOf(workload),
  ]
}

function isTrouble(type: string, is: string): boolean {
  return (type === 'ReplicaFailure' && is === 'True') || (type === 'Progressing' && is === 'False')
}
