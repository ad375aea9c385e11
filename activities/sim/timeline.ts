// Counters as a function of time: a list of moments from which rates held, so that any count is an integral and no timer
// is needed. It knows nothing of what the rates mean.

/** Counter -> events per millisecond. */
export type Rates = { [counter: string]: number }

interface Regime {
  from: number
  rates: Rates
}

export interface Timeline {
  regimes: Regime[]
  /** What regimes that were dropped had counted. */
  folded: Rates
}

const REGIMES_MAX = 5_000 // far more changes than any run makes; older ones are only needed as a sum

export function newTimeline(from: number): Timeline {
  return { regimes: [{ from, rates: {} }], folded: {} }
}

/** From `at` on these rates hold. Moments never go back: an earlier `at` counts as the latest known. */
export function turn(timeline: Timeline, at: number, rates: Rates): void {
  const last = timeline.regimes.at(-1)
  if (last !== undefined && sameRates(last.rates, rates)) return
  if (last !== undefined && at <= last.from) last.rates = rates
  else timeline.regimes.push({ from: at, rates })
  if (timeline.regimes.length > REGIMES_MAX) fold(timeline)
}

/** How often `counter` was counted in [from, to); not rounded. */
export function count(timeline: Timeline, counter: string, span: { from: number; to: number }): number {
  let sum = span.from === -Infinity ? (timeline.folded[counter] ?? 0) : 0
  for (let index = timeline.regimes.length - 1; index >= 0; index--) {
    const regime = timeline.regimes[index] as Regime
    const until = timeline.regimes[index + 1]?.from ?? Infinity
    if (until <= span.from) break
    const duration = Math.min(until, span.to) - Math.max(regime.from, span.from)
    if (duration > 0) sum += duration * (regime.rates[counter] ?? 0)
  }
  return sum
}

/** A counter as a server would show it: whole events since the beginning. */
export function total(timeline: Timeline, counter: string, now: number): number {
  return Math.floor(count(timeline, counter, { from: -Infinity, to: now }) + ROUNDING)
}

const ROUNDING = 1e-6 // sums of many float products fall just short of whole numbers

function sameRates(a: Rates, b: Rates): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}

function fold(timeline: Timeline): void {
  const first = timeline.regimes.shift()
  const next = timeline.regimes[0]
  if (first === undefined || next === undefined) return
  for (const [counter, rate] of Object.entries(first.rates)) {
    timeline.folded[counter] = (timeline.folded[counter] ?? 0) + rate * (next.from - first.from)
  }
}
