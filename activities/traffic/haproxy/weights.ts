// Between the two sides of a split and the weights of their servers. Pure arithmetic, no decisions.
import type { Split } from '../../../workflows/ports/traffic.ts'
import { SHARE_ERROR_MAX, type Sides, WEIGHT_MAX, type Weights, shareErrorMax, total } from './servers.ts'
import { unevenWeights } from './uneven.ts'

/**
 * The weight every server must have. `members` are taken as they are (a recorded `before`); otherwise the *sides* share in
 * the asked proportion, also when they differ in size, and the servers of a side share in theirs (`sizes`; equally where
 * nothing is known). null = weights of 0 to 256 cannot express it.
 */
export function weightsFor(split: Split, sides: Sides, sizes: Weights = {}): Weights | null {
  const weights = split.members ?? spread(split, sides, sizes)
  if (weights === null) return null
  const all = [...sides.old, ...sides.new].map((server) => [server, weights[server] ?? 0] as const)
  return all.every(([, weight]) => isWeight(weight)) ? Object.fromEntries(all) : null
}

/**
 * What servers with these weights amount to, in percent of both sides. The weights themselves stand under `members`, unless
 * they are the percents: `1` and `0` are 100 % and 0 %, and must come back as 1 and 0.
 */
export function splitOf(weights: Weights, sides: Sides): Split {
  const all = [...sides.old, ...sides.new].sort()
  const sum = total(weights, all)
  if (sides.old.length === 1 && sides.new.length === 1 && sum === 100)
    return { old: total(weights, sides.old), new: total(weights, sides.new) }
  const members = Object.fromEntries(all.map((server) => [server, weights[server] ?? 0]))
  if (sum === 0) return { old: 0, new: 0, members }
  const share = readable(newShare(weights, sides))
  return { old: rounded(100 - share), new: share, members }
}

/** Share of the new side in percent; 0 when nothing has any weight. */
export function newShare(weights: Weights, sides: Sides): number {
  const sum = total(weights, sides.old) + total(weights, sides.new)
  return sum === 0 ? 0 : (total(weights, sides.new) / sum) * 100
}

/**
 * How large the servers of each side are beside each other: as in the first of the given sets of weights that gives that
 * side any. A side without any in all of them is left out: its servers count as equal.
 */
export function sizesOf(sides: Sides, known: Weights[]): Weights {
  const sizes: Weights = {}
  for (const servers of [sides.old, sides.new]) {
    const telling = known.find((weights) => total(weights, servers) > 0)
    if (telling !== undefined) for (const server of servers) sizes[server] = telling[server] ?? 0
  }
  return sizes
}

/** Raising before lowering: at no moment is less weight in place than before and after. */
export function raisingFirst(from: Weights, to: Weights): [server: string, weight: number][] {
  return Object.entries(to)
    .filter(([server, weight]) => from[server] !== weight)
    .sort(([a, toA], [b, toB]) => toB - (from[b] ?? 0) - (toA - (from[a] ?? 0)) || a.localeCompare(b))
}

function spread(split: Split, sides: Sides, sizes: Weights): Weights | null {
  const serving = {
    old: sides.old.filter((server) => sizes[server] !== 0),
    new: sides.new.filter((server) => sizes[server] !== 0),
  }
  const isEven = (servers: string[]): boolean =>
    new Set(servers.map((server) => sizes[server] ?? 1)).size === 1
  if (!isEven(serving.old) || !isEven(serving.new)) return unevenWeights(split, serving, sizes)
  const pair = perServer(split, serving)
  if (pair === null) return null
  return Object.fromEntries([
    ...serving.old.map((server) => [server, pair.old]),
    ...serving.new.map((server) => [server, pair.new]),
  ])
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

/** The pair of weights whose share errs least; the larger pair among equals. */
function nearest(split: Split, sides: Sides): { old: number; new: number } | null {
  const wanted = (split.new / (split.old + split.new)) * 100
  const isWhole = split.old === 0 || split.new === 0
  let best: { old: number; new: number } | null = null
  let bestError = isWhole ? SHARE_ERROR_MAX : shareErrorMax(split)
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

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

/** Whole percents, since steps ask for no others; but a side that gets anything never reads as nothing. */
function readable(share: number): number {
  const whole = Math.round(share)
  return (whole === 0 && share > 0) || (whole === 100 && share < 100) ? rounded(share) : whole
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
