// Weights of Caddy's weighted_round_robin and the shares that they mean. Caddy sends as many requests in a row to an upstream as
// its weight says, so weights are as small as they can be. Pure.
import type { Split } from '../../../workflows/ports/traffic.ts'

export type Weights = { [dial: string]: number }
export type Sides = { old: string[]; new: string[] }

const HUNDREDTHS = 10_000 // of a percent
const ROUND_MAX = 10_000 // requests after which every upstream has had its share; longer, and a reload begins anew before that

/** In percent of both sides; the exact weights stand under `members` where they are not those that we would write. */
export function splitOf(weights: Weights, sides: Sides): Split {
  const [old, fresh] = [sum(weights, sides.old), sum(weights, sides.new)]
  if (old + fresh === 0) return { old: 0, new: 0 }
  const hundredths = Math.round((fresh / (old + fresh)) * HUNDREDTHS)
  const split = { old: (HUNDREDTHS - hundredths) / 100, new: hundredths / 100 }
  const usual = weightsFor(split, sides, evenly(sides))
  const own = [...sides.old, ...sides.new]
  const isUsual = typeof usual !== 'string' && own.every((dial) => usual[dial] === (weights[dial] ?? 0))
  return isUsual
    ? split
    : { ...split, members: Object.fromEntries(own.map((dial) => [dial, weights[dial] ?? 0])) }
}

/** `sizes`: how large the upstreams of a side are beside each other. A text says why no weights express the split. */
export function weightsFor(desired: Split, sides: Sides, sizes: Weights): Weights | string {
  if (desired.members !== undefined) return desired.members
  if (!(desired.old + desired.new > 0)) return 'it would leave no upstream to send requests to'
  const share = (desired.new / (desired.old + desired.new)) * HUNDREDTHS
  const fresh = Math.round(share)
  if (Math.abs(fresh - share) > 1e-6 || fresh < 0 || fresh > HUNDREDTHS) {
    return `old ${desired.old}, new ${desired.new} are not shares in steps of 0.01 %`
  }
  const totals = { old: sum(sizes, sides.old), new: sum(sizes, sides.new) }
  const entries = [
    ...sides.old.map((dial) => [dial, (HUNDREDTHS - fresh) * (sizes[dial] ?? 0) * totals.new] as const),
    ...sides.new.map((dial) => [dial, fresh * (sizes[dial] ?? 0) * totals.old] as const),
  ]
  const divisor = entries.reduce((found, [, weight]) => gcd(found, weight), 0)
  const weights = Object.fromEntries(
    entries.map(([dial, weight]) => [dial, divisor === 0 ? 0 : weight / divisor]),
  )
  const round = Object.values(weights).reduce((all, weight) => all + weight, 0)
  if (round <= ROUND_MAX) return weights
  const named = Object.entries(sizes)
    .map(([dial, size]) => `${dial} ${size}`)
    .join(', ')
  return `over upstreams of sizes ${named} it takes a round of ${round} requests; at most ${ROUND_MAX} are served in turn`
}

/** Of each side the first weights that say anything; a side of which nobody knows shares equally. */
export function sizesOf(sides: Sides, known: Weights[]): Weights {
  const even = evenly(sides)
  const of = (side: string[]): [string, number][] => {
    const found = known.find((weights) => sum(weights, side) > 0) ?? even
    const divisor = side.reduce((so, dial) => gcd(so, found[dial] ?? 0), 0)
    return side.map((dial) => [dial, (found[dial] ?? 0) / (divisor || 1)])
  }
  return Object.fromEntries([...of(sides.old), ...of(sides.new)])
}

export function sum(weights: Weights, dials: string[]): number {
  return dials.reduce((all, dial) => all + (weights[dial] ?? 0), 0)
}

function evenly(sides: Sides): Weights {
  return Object.fromEntries([...sides.old, ...sides.new].map((dial) => [dial, 1]))
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
