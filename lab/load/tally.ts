// Counts what came of each request. Knows nothing of how requests are made.
import type { LoadReport } from './protocol.ts'

const RECENT_SECONDS = 10 // what a live view shows
const BUCKET_GROWTH = 1.02 // latency quantiles within 2 %
const BUCKET_UNIT_MS = 0.01

export type Result =
  | { kind: 'answered' | 'injected'; side: 'old' | 'new'; milliseconds: number }
  | { kind: 'failed'; reason: string }

export type Tally = {
  sent(address?: string): void
  skipped(): void
  repeated(): void
  result(result: Result): void
  inFlight(): number
  report(): LoadReport
}

export function createTally(): Tally {
  const began = performance.now()
  const totals = { sent: 0, answered: 0, injected: 0, failed: 0, skipped: 0, repeated: 0 }
  const sides: LoadReport['sides'] = {
    old: { answered: 0, injected: 0, lastAt: null },
    new: { answered: 0, injected: 0, lastAt: null },
  }
  const failures: Record<string, number> = {}
  const addresses: Record<string, number> = {}
  const latencies = createHistogram()
  const seconds: LoadReport['recent'] = []
  const elapsed = (): number => (performance.now() - began) / 1000
  const inFlight = (): number => totals.sent - totals.answered - totals.injected - totals.failed
  const present = (): LoadReport['recent'][number] => {
    const index = Math.floor(elapsed())
    while (seconds.length <= index) seconds.push({ old: 0, new: 0, injected: 0, failed: 0 })
    return seconds[index] as LoadReport['recent'][number]
  }
  return {
    sent(address) {
      totals.sent += 1
      if (address) addresses[address] = (addresses[address] ?? 0) + 1
    },
    skipped() {
      totals.skipped += 1
    },
    repeated() {
      totals.repeated += 1
    },
    result(result) {
      totals[result.kind] += 1
      if (result.kind === 'failed') {
        failures[result.reason] = (failures[result.reason] ?? 0) + 1
        present().failed += 1
        return
      }
      sides[result.side][result.kind] += 1
      if (result.kind === 'answered') sides[result.side].lastAt = Date.now()
      present()[result.kind === 'injected' ? 'injected' : result.side] += 1
      latencies.add(result.milliseconds)
    },
    inFlight,
    report() {
      present()
      const now = Math.floor(elapsed())
      return {
        seconds: elapsed(),
        ...totals,
        inFlight: inFlight(),
        sides: structuredClone(sides),
        failures: { ...failures },
        latencyMs: latencies.quantiles(),
        recent: seconds.slice(Math.max(0, now - RECENT_SECONDS), now),
        addresses: { ...addresses },
      }
    },
  }
}

function createHistogram(): { add(milliseconds: number): void; quantiles(): LoadReport['latencyMs'] } {
  const buckets: number[] = []
  let count = 0
  let max = 0
  const quantile = (share: number): number => {
    let seen = 0
    for (const [index, here] of buckets.entries()) {
      seen += here ?? 0
      if (seen >= share * count && seen > 0) return BUCKET_UNIT_MS * BUCKET_GROWTH ** index
    }
    return max
  }
  return {
    add(milliseconds) {
      const index = Math.max(0, Math.ceil(Math.log(milliseconds / BUCKET_UNIT_MS) / Math.log(BUCKET_GROWTH)))
      buckets[index] = (buckets[index] ?? 0) + 1
      count += 1
      max = Math.max(max, milliseconds)
    },
    quantiles: () => ({ p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max }),
  }
}
