// Numbers that look random and follow from a seed alone, so that every run of the harness can be repeated.
const STEP = 0x6d2b79f5 // mulberry32, by Tommy Ettinger (public domain)
const RANGE = 2 ** 32

export type Random = {
  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number
  pick<T>(list: readonly T[]): T
  chance(probability: number): boolean
}

export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + STEP) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / RANGE
  }
  const int = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    int,
    pick<T>(list: readonly T[]) {
      return list[int(0, list.length - 1)] as T
    },
    chance: (probability) => next() < probability,
  }
}
