// Between the two sides of a split and the weights of their servers. Pure arithmetic, no decisions.
import type { Split } from '../../../workflows/ports/traffic.ts'

export const WEIGHT_MAX = 256 // HAProxy refuses more

/** Server -> weight, for every server of both sides. */
export type Weights = Record<string, number>
export type Sides = { old: string[]; new: string[] }

/**
 * The weight every server must have. `members` are taken as they are (a recorded `before`); otherwise every server of a
 * side gets the same weight, such that the *sides* share in the asked proportion, also when they differ in size.
 * null = weights of 0 to 256 cannot express it.
 */
export function weightsFor(split: Split, sides: Sides): Weights | null {
  const pair = split.members === undefined ? perServer(split, sides) : null
  if (split.members === undefined && pair === null) return null
  const weights: Weights = {}
  for (const side of ['old', 'new'] as const) {
    for (const server of sides[side]) weights[server] = split.members?.[server] ?? pair?.[side] ?? split[side]
  }
  return Object.values(weights).every(isWeight) ? weights : null
}

/** What servers with these weights amount to. Sides of several servers name each one's weight under `members`. */
export function splitOf(weights: Weights, sides: Sides): Split {
  const sum = { old: total(weights, sides.old), new: total(weights, sides.new) }
  const single = sides.old.length === 1 && sides.new.length === 1
  if (single) return sum
  const all = [...sides.old, ...sides.new].sort()
  const members = Object.fromEntries(all.map((server) => [server, weights[server] ?? 0]))
  if (sides.old.length === sides.new.length) {
    return { old: rounded(sum.old / sides.old.length), new: rounded(sum.new / sides.new.length), members }
  }
  const newPercent = newShare(weights, sides)
  return { old: 100 - Math.round(newPercent), new: Math.round(newPercent), members }
}

/** Share of the new side in percent; 0 when nothing has any weight. */
export function newShare(weights: Weights, sides: Sides): number {
  const sum = total(weights, sides.old) + total(weights, sides.new)
  return sum === 0 ? 0 : (total(weights, sides.new) / sum) * 100
}

/** Raising before lowering: at no moment is less weight in place than before and after. */
export function raisingFirst(from: Weights, to: Weights): [server: string, weight: number][] {
  return Object.entries(to)
    .filter(([server, weight]) => from[server] !== weight)
    .sort(([a, toA], [b, toB]) => toB - (from[b] ?? 0) - (toA - (from[a] ?? 0)) || a.localeCompare(b))
}

/** One weight for every server of the old side and one for every server of the new side. */
function perServer(split: Split, sides: Sides): { old: number; new: number } | null {
  const [countOld, countNew] = [sides.old.length, sides.new.length]
  if (countOld === countNew) return { old: split.old, new: split.new }
  const divisor = greatestCommonDivisor(countOld, countNew)
  const exact = { old: (split.old * countNew) / divisor, new: (split.new * countOld) / divisor }
  if (isWeight(exact.old) && isWeight(exact.new)) return exact
  return nearest(split, sides)
}

/** The pair of weights whose share rounds to the asked percent and errs least; the larger pair among equals. */
function nearest(split: Split, sides: Sides): { old: number; new: number } | null {
  const wanted = (split.new / (split.old + split.new)) * 100
  let best: { old: number; new: number } | null = null
  let bestError = 0.5 // more than half a point would read back as another percent
  for (let old = WEIGHT_MAX; old >= 0; old--) {
    const ideal =
      old === 0 ? WEIGHT_MAX : (wanted * old * sides.old.length) / ((100 - wanted) * sides.new.length)
    for (const candidate of [Math.floor(ideal), Math.ceil(ideal)]) {
      if (!isWeight(candidate) || old + candidate === 0) continue
      const share = candidate * sides.new.length
      const error = Math.abs((share / (share + old * sides.old.length)) * 100 - wanted)
      if (error < bestError) [best, bestError] = [{ old, new: candidate }, error]
    }
  }
  return best
}

function isWeight(weight: number): boolean {
  return Number.isInteger(weight) && weight >= 0 && weight <= WEIGHT_MAX
}

function total(weights: Weights, servers: string[]): number {
  return servers.reduce((sum, server) => sum + (weights[server] ?? 0), 0)
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
