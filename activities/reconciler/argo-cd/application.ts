// An Application of Argo CD as it is stored: whether it syncs by itself, what is under way, and how far its controller has read.
// Pure. By the controller's own rules (3.2.11 and 3.5.7: appcontroller.go, autoSync and processAppRefreshQueueItem; types.go, IsAutomatedSyncEnabled).
import type { JsonObject } from '../../../workflows/json.ts'
import type { Reconciling } from '../../../workflows/ports/reconciler.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'

export interface Application extends KubeObject {
  spec: { syncPolicy?: { automated?: JsonObject } & JsonObject } & JsonObject
  /** A sync that is asked for, and not begun yet. */
  operation?: JsonObject
  status?: {
    reconciledAt?: string
    sync?: { status?: string; revision?: string; revisions?: string[] }
    operationState?: { phase?: string }
    resources?: { kind: string; namespace?: string; name: string; status?: string }[]
    conditions?: { type: string; message?: string }[]
  }
}

/** Its controller takes it away when it has looked, with the object as it was then. */
export const REFRESH = 'argocd.argoproj.io/refresh'

export const FIELD = ['spec', 'syncPolicy', 'automated', 'enabled']

/**
 * No comparison came to its end. One whose result cannot be stored (too large: 3.5.7, persistAppStatus) consumes the request all the same,
 * and leaves the status of an earlier one beside it.
 */
const FAILED = /^(Unknown|Comparison|InvalidSpec)Error$/

/** `automated` that does not say `enabled` is enabled. */
export function valueOf({ spec: { syncPolicy } }: Application): Reconciling {
  const policy = syncPolicy?.automated
  if (policy === undefined) return { suspended: true }
  return { suspended: policy['enabled'] === false, policy }
}

/** `enabled: false` beside the rest: whoever looks sees what it goes on with, and the field tells who has written it. */
export function patchFor({ spec: { syncPolicy } }: Application, desired: Reconciling): PatchOperation[] {
  const policy = desired.policy ?? syncPolicy?.automated ?? {}
  const { enabled: _enabled, ...rest } = policy
  const automated = desired.suspended
    ? { ...rest, enabled: false }
    : desired.policy === undefined
      ? rest
      : policy
  return syncPolicy === undefined
    ? [{ op: 'add', path: '/spec/syncPolicy', value: { automated } }]
    : [{ op: 'add', path: '/spec/syncPolicy/automated', value: automated }]
}

/** Why something that was begun before may still be written; empty = nothing can. */
export function underWay({ metadata, operation, status }: Application): string[] {
  const phase = status?.operationState?.phase ?? ''
  return [
    ...(metadata.annotations?.[REFRESH] === undefined ? [] : ['its controller has not looked at it since']),
    ...(operation === undefined ? [] : ['a sync is asked for and not begun']),
    ...(phase === 'Running' || phase === 'Terminating' ? [`a sync is ${phase}`] : []),
  ]
}

/** Why a sync would change one of `objects`, or where none is named anything at all; empty = it would not. */
export function differences({ status = {} }: Application, objects: string[]): string[] {
  const { sync = {}, resources = [], conditions = [] } = status
  const state = sync.status ?? 'Unknown'
  if (state === 'Unknown')
    return [
      `its sync status is Unknown: ${conditions.map(({ message }) => message).join('; ') || 'no reason given'}`,
    ]
  const failed = conditions.filter(({ type }) => FAILED.test(type))
  if (failed.length > 0)
    return failed.map(
      ({ type, message = 'no message' }) => `its status may be an old one (${type}: ${message})`,
    )
  if (objects.length === 0) return state === 'Synced' ? [] : [`it is ${state} with ${revisionOf(sync)}`]
  return objects.flatMap((object) => {
    const own = resources.find((each) => `${each.kind} ${each.namespace ?? ''}/${each.name}` === object)
    if (own === undefined) return [`it does not list ${object}`]
    return own.status === 'Synced' ? [] : [`${object} is ${own.status ?? 'Unknown'} with ${revisionOf(sync)}`]
  })
}

export function revisionOf({
  revision,
  revisions = [],
}: {
  revision?: string
  revisions?: string[]
}): string {
  return `revision ${revision ?? revisions.join(', ')}`
}
