// The weights of servers: what HAProxy takes, and how exactly they must express a share. Pure.
import type { Split } from '../../../workflows/ports/traffic.ts'

export const WEIGHT_MAX = 256 // HAProxy refuses more
export const SHARE_ERROR_MAX = 0.5 // percentage points: more would read back as another percent
const SMALL_SHARE_ERROR_MAX = 0.1 // of the smaller side's share: 1 % is not 1.4 %

/** Server -> weight, for every server of both sides. */
export type Weights = Record<string, number>
export type Sides = { old: string[]; new: string[] }

/** By how much the share of the new side may miss what was asked, in percentage points. */
export function shareErrorMax(split: Split): number {
  const smaller = (Math.min(split.old, split.new) / (split.old + split.new)) * 100
  return Math.min(SHARE_ERROR_MAX, smaller * SMALL_SHARE_ERROR_MAX)
}

export function total(weights: Weights, servers: string[]): number {
  return servers.reduce((sum, server) => sum + (weights[server] ?? 0), 0)
}
