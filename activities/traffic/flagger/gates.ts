// What is answered to Flagger when it asks whether to go on: yes only to what a run has asked for. Whatever is not known is no:
// held, and not rolled back. Pure.
import { analysisOf, isUnderWay, isWaiting, maxWeight, nextWeight } from './canary.ts'
import type { Canary } from './canary.ts'
import { type Deployment, type Order, isInForce, orderIn } from './order.ts'

/** The hooks of an analysis that are gates, as Flagger calls their types. */
export const GATES = ['confirm-rollout', 'confirm-traffic-increase', 'confirm-promotion', 'rollback'] as const
export type Gate = (typeof GATES)[number]

/** Annotation that lets Flagger promote: the revision by the name that `status` gives it. Left by a run's `promote`, or by a person after a run. */
export const PROMOTE = 'cutover/promote'

export interface Situation {
  canary: Canary
  deployment: Deployment
  /** The weight of the canary in its route, which is what Flagger goes on from. */
  weight: number
}

/** The address of a gate: below that of the connection, as Flagger is told it. */
export function pathOf({
  namespace,
  canary,
  gate,
}: {
  namespace: string
  canary: string
  gate: Gate
}): string {
  return `/flagger/${namespace}/${canary}/${gate}`
}

export function isGate(text: string): text is Gate {
  return (GATES as readonly string[]).includes(text)
}

export function isOpen(gate: Gate, here: Situation): boolean {
  const { canary, deployment, weight } = here
  const order = orderIn(canary)
  if (order === null || !isInForce(order, canary, deployment)) return false
  switch (gate) {
    case 'confirm-rollout':
      return isWaiting(canary) && order.to > 0
    case 'confirm-traffic-increase': {
      const next = nextWeight(analysisOf(canary), weight)
      return next === null ? mayPromote(here, order) : isUnderWay(canary) && next <= order.to
    }
    case 'confirm-promotion':
      return mayPromote(here, order)
    case 'rollback':
      return isUnderWay(canary) && order.to === 0
    default:
      return gate satisfies never
  }
}

/** Only what was named, and only from the highest weight, which the run has asked for. */
function mayPromote({ canary, weight }: Situation, order: Order): boolean {
  const highest = maxWeight(analysisOf(canary))
  const named = canary.metadata.annotations?.[PROMOTE] ?? ''
  return (
    isUnderWay(canary) &&
    named !== '' &&
    named === canary.status?.lastAppliedSpec &&
    order.to >= highest &&
    weight >= highest
  )
}
