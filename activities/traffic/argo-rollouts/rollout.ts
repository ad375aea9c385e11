// A Rollout as the API server stores it, as far as a cutover reads it. Types, and the few facts that follow from one object alone.
// https://argo-rollouts.readthedocs.io/en/stable/features/specification/ (1.10)
import type { JsonObject } from '../../../workflows/json.ts'
import type { KubeObject } from '../../kubernetes/client.ts'

export interface Step extends JsonObject {
  setWeight?: number
  pause?: { duration?: number | string }
}

export interface Canary extends JsonObject {
  steps?: Step[]
  stableService?: string
  canaryService?: string
  dynamicStableScale?: boolean
  analysis?: JsonObject
}

interface Template extends JsonObject {
  spec?: { containers?: { image?: string }[] }
}

interface Weight {
  weight: number
  podTemplateHash?: string
}

export interface Status {
  abort?: boolean
  /** Set by the controller: it has taken the abort up. */
  abortedAt?: string | null
  promoteFull?: boolean
  controllerPause?: boolean
  pauseConditions?: { reason: string }[] | null
  currentStepIndex?: number
  currentPodHash?: string
  stableRS?: string
  observedGeneration?: string
  phase?: string
  message?: string
  canary?: { weights?: { canary: Weight; stable: Weight; verified?: boolean | null } | null }
}

export interface Rollout extends KubeObject {
  spec: {
    paused?: boolean
    template?: Template
    workloadRef?: JsonObject
    strategy?: { canary?: Canary; blueGreen?: JsonObject }
  }
  status?: Status
}

/** Of apps/v1, as far as it is read: one version of the pods. */
export interface ReplicaSet extends KubeObject {
  spec: { template: Template & { metadata?: { labels?: Record<string, string> } }; replicas?: number }
  status?: { availableReplicas?: number }
}

export const HASH_LABEL = 'rollouts-pod-template-hash'

export function imagesIn(template: Template | undefined): string[] {
  return (template?.spec?.containers ?? []).flatMap(({ image }) => image ?? [])
}

export function canaryOf({ spec }: Rollout): Canary {
  return spec.strategy?.canary ?? {}
}

/** An update is under way: what is stable is not what its template asks for, as far as the controller has read it. */
export function isUpdating({ status = {} }: Rollout): boolean {
  const { stableRS: stable = '', currentPodHash: current = '' } = status
  return stable !== '' && current !== '' && stable !== current
}

/** The controller has read what stands in the specification. */
export function isRead({ status = {}, metadata }: Rollout): boolean {
  return status.observedGeneration === String(metadata.generation ?? 0)
}

/** It stands at a pause that ends by nothing but a promotion or an abort. */
export function isWaiting({ status = {} }: Rollout): boolean {
  return (status.pauseConditions ?? []).some(({ reason }) => reason === 'CanaryPauseStep')
}

/** Where an abort has been taken up the controller is at rest as well. */
export function isAborted({ status = {} }: Rollout): boolean {
  return status.abort === true && (status.abortedAt ?? null) !== null
}
