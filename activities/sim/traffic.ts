// Where requests go at this moment: through balancers by weight, or straight to an address that DNS told the users.
// Rates only; counting them over time is the timeline's.
import type { Cohort, Split } from '../../workflows/ports/traffic.ts'
import { readyCount } from './capacity.ts'
import { arrivals } from './resolvers.ts'
import { type Side, type WorldState } from './state.ts'
import type { Rates } from './timeline.ts'

/** Names of the counters that the timeline keeps. */
export const counter = {
  served: (balancer: string, side: Side) => `${balancer} ${side} served`,
  mirrored: (balancer: string) => `${balancer} mirrored`,
  /** All that a side was asked, copies of the mirror included: what its own metrics count. */
  requests: (side: Side) => `${side} requests`,
  failed: (side: Side) => `${side} failed`,
  /** Requests times milliseconds, for means. */
  latency: (side: Side) => `${side} latency`,
  /** What users asked and what they saw fail; copies of the mirror are not theirs. */
  users: 'users requests',
  usersFailed: 'users failed',
  /** Of those failures: requests that no side was there for. */
  lost: 'users lost',
}

export function ratesNow(state: WorldState, at: number): Rates {
  const rates: Rates = {}
  const add = (name: string, perSecond: number) => {
    if (perSecond > 0) rates[name] = (rates[name] ?? 0) + perSecond / 1_000
  }
  const ask = (side: Side, perSecond: number, asker: 'user' | 'mirror') => {
    const failed = perSecond * failingShare(state, side, at)
    add(counter.requests(side), perSecond)
    add(counter.failed(side), failed)
    add(counter.latency(side), perSecond * state.sides[side].latencyMs)
    if (asker === 'mirror') return
    add(counter.users, perSecond)
    add(counter.usersFailed, failed)
  }
  const lose = (perSecond: number) => {
    for (const name of [counter.users, counter.usersFailed, counter.lost]) add(name, perSecond)
  }
  for (const [name, { rps: all, memberShare }] of state.balancers) {
    const led = Math.min(all, all * memberShare * membersOf(state, name).length)
    ask('new', led, 'user') // by a way of their own: the shares are those of the others
    const rps = all - led
    const newShare = shareOfNew(state, name)
    if (newShare === null) {
      lose(rps)
      continue
    }
    for (const [side, share] of [['old', 1 - newShare] as const, ['new', newShare] as const]) {
      add(counter.served(name, side), rps * share)
      ask(side, rps * share, 'user')
    }
    const copies = (rps * mirrorPercent(state, name)) / 100
    add(counter.mirrored(name), copies)
    ask('new', copies, 'mirror')
  }
  for (const entry of state.entries.values()) {
    let found = 0
    for (const [address, share] of Object.entries(arrivals(state, entry))) {
      const side = entry.addresses[address]
      if (side === undefined) continue
      found += share
      ask(side, entry.rps * share, 'user')
    }
    lose(entry.rps * Math.max(0, 1 - found))
  }
  return rates
}

/** Null while no weight is left: every request fails. */
export function shareOfNew(state: WorldState, balancer: string): number | null {
  const split = state.cells.get(`traffic ${balancer} split`)?.value as Split | undefined
  if (split === undefined || split.old + split.new <= 0) return null
  return split.new / (split.old + split.new)
}

export function mirrorPercent(state: WorldState, balancer: string): number {
  const mirror = state.cells.get(`traffic ${balancer} mirror`)?.value as { percent: number } | undefined
  return mirror?.percent ?? 0
}

/** Who is led to the new side whatever the weights say. */
export function membersOf(state: WorldState, balancer: string): string[] {
  const cohort = state.cells.get(`traffic ${balancer} cohort`)?.value as Cohort | undefined
  return cohort?.users ?? []
}

export function failingShare(state: WorldState, side: Side, at: number): number {
  return readyCount(state.fleets[side], at) === 0 ? 1 : state.sides[side].errorRatio
}

/** By Little's law: as many as come in the time that one takes. */
export function requestsUnderWay(state: WorldState, balancer: string, side: Side): number {
  const newShare = shareOfNew(state, balancer) ?? 0
  const share = side === 'new' ? newShare : 1 - newShare
  const rate = (state.balancers.get(balancer)?.rps ?? 0) * share
  return Math.ceil((rate * state.sides[side].latencyMs) / 1_000)
}
