// Shares of the two sides as whole weights, where a backend takes any whole numbers (Envoy, routes of the Gateway API). Pure.
import type { Split } from '../../workflows/ports/traffic.ts'

const PARTS_PER_PERCENT = 100 // weights that are not whole percents are written in parts of 10,000

export interface Sides<T> {
  old: T
  new: T
}

/** In percent of both sides, to two decimals; `isWritten`: a write of them would leave the very same weights. */
export function sharesOf(weights: Sides<number>): { split: Split; isWritten: boolean } {
  const sum = weights.old + weights.new
  if (sum === 0) return { split: { old: 0, new: 0 }, isWritten: true }
  const share = Math.round((weights.new / sum) * 100 * PARTS_PER_PERCENT) / PARTS_PER_PERCENT
  const split = { old: Math.round((100 - share) * PARTS_PER_PERCENT) / PARTS_PER_PERCENT, new: share }
  const written = wholeWeights(split)
  const isWritten = typeof written !== 'string' && written.old === weights.old && written.new === weights.new
  return { split, isWritten }
}

/** Whole percents, or parts of 10,000; a text says why there are none. */
export function wholeWeights(asked: Sides<number>): Sides<number> | string {
  const each = [asked.old, asked.new]
  const factor = each.every(Number.isInteger) ? 1 : PARTS_PER_PERCENT
  const [old = 0, fresh = 0] = each.map((weight) => Math.round(weight * factor))
  const isExact = Math.abs(old - asked.old * factor) < 1e-6 && Math.abs(fresh - asked.new * factor) < 1e-6
  if (!isExact || old < 0 || fresh < 0)
    return `weights ${each.join(' and ')} are not shares in steps of 0.01 %`
  return { old, new: fresh }
}
