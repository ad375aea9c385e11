// A Kustomization or HelmRelease as it is stored: whether it is suspended, what is under way, and how far its controller has read. Pure.
// By the controllers' own rules (kustomize-controller 1.9.6 and helm-controller 1.6.0: Reconcile, finalizeStatus).
import type { JsonObject } from '../../../workflows/json.ts'
import type { Reconciling } from '../../../workflows/ports/reconciler.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'

export interface FluxObject extends KubeObject {
  spec: { suspend?: boolean; sourceRef?: { kind: string; name: string; namespace?: string } } & JsonObject
  status?: {
    observedGeneration?: number
    lastAppliedRevision?: string
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

/** A GitRepository or another one that a Kustomization is built from. */
export interface FluxSource extends Pick<FluxObject, 'status'> {
  spec?: { suspend?: boolean }
  status?: FluxObject['status'] & { artifact?: { revision?: string } }
}

/** Its controller repeats the value in the status once it has come to the object, suspended or not. */
export const REQUESTED = 'reconcile.fluxcd.io/requestedAt'

export const FIELD = ['spec', 'suspend']

export function valueOf({ spec: { suspend = false } }: FluxObject): Reconciling {
  return { suspended: suspend }
}

/** Going on is to say nothing, as a declaration that knows nothing of suspensions does. */
export function patchFor({ spec: { suspend } }: FluxObject, desired: Reconciling): PatchOperation[] {
  if (desired.suspended) return [{ op: 'add', path: '/spec/suspend', value: true }]
  return suspend === undefined ? [] : [{ op: 'remove', path: '/spec/suspend' }]
}

/** Why something that was begun before may still be written; empty = nothing can. */
export function underWay({ metadata, status = {} }: FluxObject): string[] {
  const asked = metadata.annotations?.[REQUESTED]
  const reconciling = conditionOf({ status }, 'Reconciling')
  const isBegun = reconciling?.status === 'True' && reconciling.reason !== 'ProgressingWithRetry'
  return [
    ...(asked === undefined || status.lastHandledReconcileAt === asked
      ? []
      : ['its controller has not looked at it since']),
    ...(isBegun ? [`it is reconciling: ${reconciling.message ?? 'no message'}`] : []),
  ]
}

/** Why it has not gone on and come to its end since the last change of it; empty = it has. */
export function notReady({ metadata, status = {} }: FluxObject): string[] {
  const ready = conditionOf({ status }, 'Ready')
  const { generation = 0 } = metadata
  if (ready === undefined) return ['it says nothing of Ready yet']
  if ((ready.observedGeneration ?? status.observedGeneration ?? 0) < generation)
    return [
      `it has read generation ${ready.observedGeneration ?? status.observedGeneration ?? 0} of ${generation}`,
    ]
  return ready.status === 'True' ? [] : [`it is not Ready: ${ready.message ?? ready.reason ?? 'no message'}`]
}

/** Why a source that has moved would not be seen to have; null = nothing is known. */
export function troubleOf({ spec, status = {} }: FluxSource, place: string): string | null {
  if (spec?.suspend === true) return `${place} is suspended: it fetches nothing`
  const ready = conditionOf({ status }, 'Ready')
  if (ready === undefined || ready.status !== 'False') return null
  return `${place} is not Ready: ${ready.message ?? ready.reason ?? 'no message'}`
}

function conditionOf({ status }: Pick<FluxObject, 'status'>, type: string) {
  return status?.conditions?.find((each) => each.type === type)
}
