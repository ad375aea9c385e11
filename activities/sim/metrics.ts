// Readings that follow the traffic: a side that nobody asked in the window has no errors to be good at, it has no data.
import type { Measurement } from '../../workflows/ports/metrics.ts'
import { readyCount } from './capacity.ts'
import type { SimQuery } from './queries.ts'
import { spread } from './sample.ts'
import type { Side, WorldState } from './state.ts'
import { count } from './timeline.ts'
import { counter, requestsUnderWay } from './traffic.ts'

const SAMPLE_MIN = 1 // less than one whole request in the window is no request

/** The reading of a world that was brought to its present moment. */
export function read(state: WorldState, asked: SimQuery): Measurement {
  const at = new Date(state.cursor).toISOString()
  const value = valueOf(state, asked)
  if (typeof value === 'string') return { kind: 'none', why: value, at }
  return { kind: 'value', value: value * noiseOf(state, asked), at, warnings: [] }
}

/** A number, or why there is none. */
function valueOf(state: WorldState, { what, sides, windowMs, quantile }: SimQuery): number | string {
  const span = { from: state.cursor - windowMs, to: state.cursor }
  const counted = (name: (side: Side) => string) =>
    sides.reduce((sum, side) => sum + count(state.timeline, name(side), span), 0)
  const ready = (side: Side) => readyCount(state.fleets[side], state.cursor)
  const requests = counted(counter.requests)
  const isSilent = requests < SAMPLE_MIN
  const nobody = `no request reached ${sides.join(' or ')} in the last ${windowMs} ms`
  if (isSilent && sides.every((side) => ready(side) === 0)) {
    return `${sides.join(' and ')} has no instance that is ready, and ${nobody}`
  }
  const perSecond = isSilent ? 0 : (requests * 1_000) / windowMs
  const readings: { [W in SimQuery['what']]: () => number | string } = {
    // An instance that is up reports its zeros: counts are numbers even when nobody asks.
    requests: () => (isSilent ? 0 : Math.floor(requests)),
    rate: () => perSecond,
    errors: () => (isSilent ? 0 : counted(counter.failed)),
    error_ratio: () => (isSilent ? nobody : counted(counter.failed) / requests),
    latency: () => (isSilent ? nobody : (counted(counter.latency) / requests / 1_000) * tail(quantile)),
    in_flight: () =>
      sides.reduce((sum, side) => {
        const edges = [...state.balancers.keys()].map((balancer) => requestsUnderWay(state, balancer, side))
        return edges.reduce((all, each) => all + each, sum + state.sides[side].tunnels)
      }, 0),
    saturation: () => {
      const carried = sides.reduce((sum, side) => sum + ready(side) * state.sides[side].rpsPerInstance, 0)
      return carried === 0 ? 'nothing is ready that could be saturated' : perSecond / carried
    },
  }
  return readings[what]()
}

/** Other quantiles relative to the 95th percentile: half of it in the middle, half more at the very end. */
function tail(quantile: number): number {
  return quantile <= P95 ? 0.5 + (0.5 * Math.max(0, quantile - 0.5)) / (P95 - 0.5) : 1 + (quantile - P95) * 10
}

const P95 = 0.95

/** Counts are exact, as counters are; the rest varies by the second, equally for equal seeds. */
function noiseOf(state: WorldState, { what }: SimQuery): number {
  if (state.noise === 0 || what === 'requests' || what === 'errors' || what === 'in_flight') return 1
  const second = Math.floor(state.cursor / 1_000)
  return (
    1 + state.noise * (2 * spread((second % 1_000_003) + state.seed * 7 + what.length, 0.618_033_988_75) - 1)
  )
}
