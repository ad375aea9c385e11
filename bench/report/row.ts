// One line of the result: a ratio or a share of what it is held against, the target, and every figure as measured.
// Holds numbers; judges only whether a target was met, and nothing fails by that.

export type Row = {
  /** What was measured, in the words of docs/measurements.md. */
  measure: string
  /** The figure that the target is about, nearly always a ratio; null = reported without a target. */
  target: { figure: string; is: number; max: number; unit: string } | null
  /** Ratios against what stands beside them, so that a slow or busy machine tells on both. */
  ratios: { [name: string]: number }
  /** As measured; the unit is the end of the name. */
  figures: { [name: string]: number }
  /** What a reader must know to read the figures. */
  note?: string
}

export type Spread = { p50: number; p99: number; max: number; samples: number }

/** Nearest rank: with fewer than 100 samples p99 is the largest one. */
export function spreadOf(samples: number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1), samples: sorted.length }
}

/** `restored` -> `restoredP50Ms`, `restoredP99Ms`. */
export function inMs(name: string, { p50, p99 }: Spread): { [figure: string]: number } {
  return { [`${name}P50Ms`]: rounded(p50), [`${name}P99Ms`]: rounded(p99) }
}

const DIGITS = 100 // two decimals: more would be noise

export function rounded(value: number): number {
  return Math.round(value * DIGITS) / DIGITS
}
