// A Canary of Flagger as the API server stores it, as far as a cutover reads it, and which weights Flagger gives when. Pure.
// https://docs.flagger.app/usage/how-it-works (1.44); the arithmetic is that of pkg/controller/scheduler.go
import type { JsonObject } from '../../../workflows/json.ts'
import { DURATION, milliseconds } from '../../../workflows/quantities.ts'
import type { KubeObject } from '../../kubernetes/client.ts'

const TOTAL = 100
const INTERVAL_MS_DEFAULT = 60_000
const INTERVAL_MS_MIN = 10_000 // what is shorter, Flagger takes for this

export interface Webhook extends JsonObject {
  name: string
  url: string
  type?: string
}

export interface Analysis {
  interval?: string
  iterations?: number
  mirror?: boolean
  match?: unknown[]
  maxWeight?: number
  stepWeight?: number
  stepWeights?: number[]
  sessionAffinity?: unknown
  webhooks?: Webhook[]
}

export interface Canary extends KubeObject {
  spec: {
    provider?: string
    targetRef: { kind?: string; name: string }
    service?: { name?: string }
    analysis?: Analysis
    canaryAnalysis?: Analysis
    skipAnalysis?: boolean
    suspend?: boolean
  } & JsonObject
  status?: Status
}

export interface Status {
  phase?: string
  canaryWeight?: number
  failedChecks?: number
  lastAppliedSpec?: string
  lastPromotedSpec?: string
  conditions?: { type: string; status?: string; lastTransitionTime?: string }[]
  trackedConfigs?: JsonObject
}

export function analysisOf({ spec: { analysis, canaryAnalysis } }: Canary): Analysis {
  return analysis ?? canaryAnalysis ?? {}
}

/** A revision is held before anybody is led to it. */
export function isWaiting({ status }: Canary): boolean {
  return status?.phase === 'Waiting'
}

/** A revision may be led to, and can be given up. */
export function isUnderWay({ status }: Canary): boolean {
  return status?.phase === 'Progressing' || status?.phase === 'WaitingPromotion'
}

/** The old revision is being written over, or was, by a promotion that failed: that alone leaves a failed Canary a weight. */
export function isPromoting({ status }: Canary): boolean {
  const { phase, canaryWeight = 0 } = status ?? {}
  return phase === 'Promoting' || phase === 'Finalising' || (phase === 'Failed' && canaryWeight > 0)
}

export function maxWeight({ stepWeights = [], maxWeight: max = 0 }: Analysis): number {
  const last = stepWeights.at(-1)
  if (last !== undefined) return Math.min(TOTAL, last)
  return max > 0 ? max : TOTAL
}

/** The weight after this one; null: Flagger would promote, or has no steps at all. */
export function nextWeight(analysis: Analysis, weight: number): number | null {
  if (weight >= maxWeight(analysis)) return null
  const { stepWeight = 0, stepWeights = [] } = analysis
  if (stepWeight > 0) return Math.min(TOTAL, weight + stepWeight)
  const [first] = stepWeights
  if (first === undefined) return null
  if (weight === 0) return Math.min(TOTAL, first)
  // From a weight that is none of its steps it goes to all at once.
  const at = stepWeights.indexOf(weight)
  return Math.min(TOTAL, (at === -1 ? undefined : stepWeights[at + 1]) ?? TOTAL)
}

/** Every weight that comes after this one, in order. */
export function weightsAfter(analysis: Analysis, weight: number): number[] {
  const weights: number[] = []
  for (let at = nextWeight(analysis, weight); at !== null; at = nextWeight(analysis, at)) {
    if (weights.includes(at) || at <= (weights.at(-1) ?? weight)) break // steps that do not rise never end
    weights.push(at)
  }
  return weights
}

export function intervalMs({ interval = '' }: Analysis): number {
  if (!DURATION.test(interval)) return INTERVAL_MS_DEFAULT
  return Math.max(INTERVAL_MS_MIN, milliseconds(interval))
}
