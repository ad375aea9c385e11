// A workload as the API server stores it: how many instances it is to have, how many are ready, what stands in its way. Pure.
import type { KubeObject } from './client.ts'

export interface WorkloadObject extends KubeObject {
  spec?: {
    replicas?: number
    paused?: boolean
    minReadySeconds?: number
    /** Of a StatefulSet. */
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } }
    persistentVolumeClaimRetentionPolicy?: { whenScaled?: string }
  }
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
  const { spec, metadata } = workload
  return [
    ...(metadata.deletionTimestamp === undefined ? [] : ['it is being deleted']),
    ...versionsIn(workload),
    ...(spec?.persistentVolumeClaimRetentionPolicy?.whenScaled === 'Delete'
      ? [
          'instances that are taken away lose their volumes (whenScaled: Delete): those that come back begin empty',
        ]
      : []),
    ...(spec?.paused === true ? ['its rollout is paused: instances follow, versions do not'] : []),
    ...troublesOf(workload),
  ]
}

function versionsIn(workload: WorkloadObject): string[] {
  const { updateStrategy: { type, rollingUpdate } = {} } = workload.spec ?? {}
  const { updatedReplicas = 0, replicas = 0 } = workload.status ?? {}
  if (replicas === 0 || updatedReplicas >= replicas || replicasOf(workload) === 0) return []
  const have = `${updatedReplicas} of ${replicas} instances have it`
  // Nobody is at work on these: they stay as they are, and what is started anew is of the new version.
  if (type === 'OnDelete')
    return [
      `its instances are of two versions, the new one only where one is started anew (OnDelete): ${have}`,
    ]
  const partition = rollingUpdate?.partition ?? 0
  if (partition > 0 && updatedReplicas >= replicas - partition)
    return [`its instances are of two versions, the new one from number ${partition} on (partition): ${have}`]
  return [`a new version is being rolled out: ${have}`]
}

function isTrouble(type: string, is: string): boolean {
  return (type === 'ReplicaFailure' && is === 'True') || (type === 'Progressing' && is === 'False')
}
