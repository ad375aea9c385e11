// Traffic: how requests are shared between the sides. Targets: `split` and, where supported, `mirror`.
import type { JsonObject } from '../json.ts'
import type { ChangeSupports, Changing } from './target.ts'

/**
 * Weights of the two sides in percent; steps always ask for sums of 100. What was found may hold, under `members`, the exact
 * weight of each server: where a side has several, and where the weights are no percents (1 and 0).
 */
export type Split = { old: number; new: number; members?: Record<string, number> }

/** Share in percent of served requests that is copied to the shadow, answers dropped. 0 = no mirroring. */
export type Mirror = { percent: number }

export type TrafficTarget = 'split' | 'mirror'

/** Options of `confirm`: counted shares must be within `tolerance` (percentage points) over at least `samples` requests. */
export type TrafficConfirmOptions = JsonObject & { samples: number; tolerance: number }

export type TrafficPort = Changing<Split | Mirror>

export interface TrafficSupports extends ChangeSupports {
  port: 'traffic'
  /** Smallest step of a weight, in percent points (1 = whole percents only). */
  weightStep: number
  mirror: boolean
}
