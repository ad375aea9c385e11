// Requests one by one, each attributed: for tests and live views that want to see single answers instead of rates.
// Evenly spread rather than drawn by chance: a hundred of them show a share of 25 % as 25, give or take one.
import { type Side, type WorldState } from './state.ts'
import { advance } from './time.ts'
import { failingShare, mirrorPercent, shareOfNew } from './traffic.ts'

export interface Sampled {
  /** Null: no side was there for it. */
  side: Side | null
  failed: boolean
  mirrored: boolean
  latencyMs: number
}

const STEPS = [0.618_033_988_75, 0.754_877_666_25, 0.569_840_290_99] as const // irrational steps of low-discrepancy sequences: one each for side, error and copy

export function sample(state: WorldState, amount: number, balancer?: string): Sampled[] {
  const now = advance(state)
  const name = balancer ?? [...state.balancers.keys()][0]
  if (name === undefined || !state.balancers.has(name)) {
    throw new Error(`there is no balancer ${name ?? ''} in the world ${state.name}`)
  }
  const newShare = shareOfNew(state, name)
  return Array.from({ length: amount }, (_, index): Sampled => {
    const [bySide, byError, byCopy] = STEPS.map((step) => spread(state.seed + index, step)) as [
      number,
      number,
      number,
    ]
    if (newShare === null) return { side: null, failed: true, mirrored: false, latencyMs: 0 }
    const side = bySide < newShare ? 'new' : 'old'
    return {
      side,
      failed: byError < failingShare(state, side, now),
      mirrored: byCopy * 100 < mirrorPercent(state, name),
      latencyMs: state.sides[side].latencyMs,
    }
  })
}

/** The position (0 to 1) of the n-th element. */
export function spread(n: number, step: number): number {
  return (n * step) % 1
}
