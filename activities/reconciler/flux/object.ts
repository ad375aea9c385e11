// A Kustomization or HelmRelease as it is stored: whether it is suspended, what is under way, and how far its controller has read. Pure.
// By the controllers' own rules (kustomize-controller 1.9.6 and helm-controller 1.6.3: Reconcile, finalizeStatus).
import type { JsonObject } from '../../../workflows/json.ts'
import type { Reconciling } from '../../../workflows/ports/reconciler.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'

export interface FluxObject extends KubeObject {
  spec: { suspend?: boolean; sourceRef?: { kind: string; name: string; namespace?: string } } & JsonObject
  status?: {
    observedGeneration?: number
    lastAppliedRevision?: string
    /** Of a HelmRelease: the version of its chart. */
    lastAttemptedRevision?: string
    /** Of a HelmRelease that has its chart built from a source: `namespace/name`. */
    helmChart?: string
    lastHandledReconcileAt?: string
    conditions?: {
      type: string
      status: string
      reason?: string
      message?: string
      observedGeneration?: number
    }[]
  }
}

/** Its controller repeats the value in the status once it has come to the object, suspended or not. */
export const REQUESTED = 'reconcile.fluxcd.io/requestedAt'

export const FIELD = ['spec', 'suspend']

export function valueOf({ spec: { suspend = false } }: FluxObject): Reconciling {
  return { suspended: suspend }
}

/** What it was made from when its controller last came by. */
export function madeFrom({ status = {} }: FluxObject): string | undefined {
  return status.lastAppliedRevision ?? status.lastAttemptedRevision
}

/** Going on is to say nothing, as a declaration that knows nothing of suspensions does. */
export function patchFor({ spec: { suspend } }: FluxObject, desired: Reconciling): PatchOperation[] {
  if (desired.suspended) return [{ op: 'add', path: '/spec/suspend', value: true }]
  return suspend === undefined ? [] : [{ op: 'remove', path: '/spec/suspend' }]
}

/** Why something that was begun before may still be written, whoever has suspended it; empty = nothing can. */
export function underWay(object: FluxObject): string[] {
  return [...notLookedAt(object), ...reconciling(object)]
}

/**
 * The same of one whose suspension came with a request, as ours do. One object is in one pair of hands at a time: a controller that
 * repeats that request has come by since, and left. What stands in `Reconciling` is then only what it left behind (helm-controller:
 * `Progressing` for good, after an upgrade that failed).
 */
export function underWaySince(object: FluxObject): string[] {
  const unread = notLookedAt(object)
  return unread.length === 0 ? [] : [...unread, ...reconciling(object)]
}

/** Why it has not gone on and come to its end since the last change of it; empty = it has. */
export function notGoneOn(object: FluxObject): string[] {
  return [...underWay(object), ...notReady(object)]
}

function notLookedAt({ metadata, status }: FluxObject): string[] {
  const asked = metadata.annotations?.[REQUESTED]
  return asked === undefined || status?.lastHandledReconcileAt === asked
    ? []
    : ['its controller has not looked at it since']
}

function reconciling(object: FluxObject): string[] {
  const { status, reason, message = 'no message' } = conditionOf(object, 'Reconciling') ?? {}
  return status === 'True' && reason !== 'ProgressingWithRetry' ? [`it is reconciling: ${message}`] : []
}

function notReady({ metadata, status = {} }: FluxObject): string[] {
  const ready = conditionOf({ status }, 'Ready')
  const { generation = 0 } = metadata
  if (ready === undefined) return ['it says nothing of Ready yet']
  if ((ready.observedGeneration ?? status.observedGeneration ?? 0) < generation)
    return [
      `it has read generation ${ready.observedGeneration ?? status.observedGeneration ?? 0} of ${generation}`,
    ]
  return ready.status === 'True' ? [] : [`it is not Ready: ${ready.message ?? ready.reason ?? 'no message'}`]
}

export function conditionOf({ status }: Pick<FluxObject, 'status'>, type: string) {
  return status?.conditions?.find((each) => each.type === type)
}
