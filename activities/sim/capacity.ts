// Instances of a side: they count at once and serve after their warm-up. Leaving is immediate, newest first.
import type { Fleet } from './state.ts'

export function readyCount(fleet: Fleet, at: number): number {
  return sum(fleet.batches.filter((batch) => batch.readyAt <= at).map((batch) => batch.count))
}

export function resize(fleet: Fleet, wanted: number, at: number): void {
  let surplus = sum(fleet.batches.map((batch) => batch.count)) - wanted
  if (surplus < 0) fleet.batches.push({ count: -surplus, readyAt: at + fleet.warmUpMs })
  while (surplus > 0) {
    const newest = fleet.batches.at(-1)
    if (newest === undefined) return
    const leaving = Math.min(newest.count, surplus)
    newest.count -= leaving
    surplus -= leaving
    if (newest.count === 0) fleet.batches.pop()
  }
}

/** Moments in (from, to] at which instances become ready. */
export function readyMoments(fleet: Fleet, span: { from: number; to: number }): number[] {
  return fleet.batches.map((batch) => batch.readyAt).filter((at) => at > span.from && at <= span.to)
}

function sum(numbers: number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}
