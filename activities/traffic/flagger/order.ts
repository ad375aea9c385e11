// What a run has last asked of Flagger: an annotation of the Canary, so that whichever worker is asked answers alike, and goes on
// doing so after a restart. It holds for one revision only; for any other, nothing was asked. Pure but for the hash.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Json, type JsonObject, canonicalJson } from '../../../workflows/json.ts'
import type { KubeObject, PatchOperation } from '../../kubernetes/client.ts'
import { type Canary, isUnderWay, isWaiting } from './canary.ts'

export const ORDER = 'cutover/order'
const DIGEST_CHARACTERS = 32
const NO_ATTEMPT = 'none'

const Weight = z.int().min(0).max(100)
const Order = z.strictObject({
  /** The weight that was there; on the way back the highest that may still come. */
  from: Weight,
  /** The weight that was asked for. */
  to: Weight,
  mesh: z.enum(['istio', 'gateway-api']),
  /** Digest of the template of the Deployment: the revision. */
  template: z.string(),
  /** What Flagger called the revision that it promoted last: the old one. */
  promoted: z.string(),
  /** Which attempt of Flagger it is. */
  attempt: z.string(),
  /** Digest of what Flagger was rolling out, its configuration as well; null: it held the revision still. */
  applied: z.string().nullable(),
})
export type Order = z.infer<typeof Order>

export interface Deployment extends KubeObject {
  spec: { template: JsonObject; replicas?: number } & JsonObject
  status?: { availableReplicas?: number; observedGeneration?: number }
}

/** The order, whatever revision it is of; null: none, or nothing that could be read. */
export function orderIn({ metadata }: Canary): Order | null {
  try {
    return Order.safeParse(JSON.parse(metadata.annotations?.[ORDER] ?? 'null')).data ?? null
  } catch {
    return null // somebody's text: nothing was asked
  }
}

/** Whether it is of the revision that Flagger holds or rolls out now. */
export function isInForce(order: Order, canary: Canary, deployment: Deployment): boolean {
  if (!isOfRevision(order, deployment) || isPromoted(order, canary)) return false
  if (order.attempt === NO_ATTEMPT || order.attempt !== attemptIn(canary)) return false
  if (isWaiting(canary)) return order.applied === null
  if (!isUnderWay(canary)) return false
  // Asked while it was held: Flagger has taken it up since.
  return order.applied === null || order.applied === appliedIn(canary)
}

export function isOfRevision({ template }: Order, deployment: Deployment): boolean {
  return template === digestOf(deployment.spec.template)
}

/** The old revision is no more what it was when the order was given. */
export function isPromoted({ promoted }: Order, { status }: Canary): boolean {
  return promoted !== (status?.lastPromotedSpec ?? '')
}

export function orderFor(
  { canary, deployment }: { canary: Canary; deployment: Deployment },
  { from, to, mesh }: Pick<Order, 'from' | 'to' | 'mesh'>,
): Order {
  return {
    from,
    to,
    mesh,
    template: digestOf(deployment.spec.template),
    promoted: canary.status?.lastPromotedSpec ?? '',
    attempt: attemptIn(canary),
    applied: isUnderWay(canary) ? appliedIn(canary) : null,
  }
}

export function orderPatch(canary: Canary, order: Order): PatchOperation[] {
  return annotationPatch(canary, ORDER, canonicalJson(order))
}

export function annotationPatch({ metadata }: Canary, name: string, text: string): PatchOperation[] {
  return metadata.annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: { [name]: text } }]
    : [{ op: 'add', path: `/metadata/annotations/${name.replace('/', '~1')}`, value: text }]
}

/**
 * Since when the outcome of its last revision is open: from the moment at which Flagger held it until it is promoted or failed. The
 * time of the phase will not do: Flagger may set the same phase again (seen when it was stopped while it asked a gate).
 */
function attemptIn({ status }: Canary): string {
  const promoted = status?.conditions?.find(({ type }) => type === 'Promoted')
  return promoted?.lastTransitionTime ?? NO_ATTEMPT
}

function appliedIn({ status }: Canary): string {
  return digestOf([status?.lastAppliedSpec ?? '', status?.trackedConfigs ?? {}])
}

function digestOf(content: Json): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex').slice(0, DIGEST_CHARACTERS)
}
