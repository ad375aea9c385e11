// Traffic: how requests are shared between the sides. Targets: `split` and, where supported, `mirror`.
import type { JsonObject } from '../json.ts'
import { definePort } from './port.ts'
import type { ChangeSupports, Changing, Io } from './target.ts'

/**
 * Weights of the two sides in percent; steps always ask for sums of 100. What was found may hold, under `members`, the exact
 * weight of each server: where a side has several, and where the weights are no percents (1 and 0).
 */
export type Split = { old: number; new: number; members?: Record<string, number> }

/** Share in percent of served requests that is copied to the shadow, answers dropped. 0 = no mirroring. */
export type Mirror = { percent: number }

/** Those who are led to the new side whatever the weights say: values of the header or cookie that the edge tells users by, sorted. */
export type Cohort = { users: string[] }

/**
 * Which version whoever moves the weights takes for the one to go back to. `new` is said only when the promotion is over in every place: its
 * pods serve as the stable ones, and the weights are at rest.
 */
export type Stable = { stable: 'old' | 'new' }

export type TrafficValue = Split | Mirror | Cohort | Stable

export const SPLIT = 'split'
export const MIRROR = 'mirror'
export const COHORT = 'cohort'
export const STABLE = 'stable'

/**
 * Options of `confirm`: counted shares must be within `tolerance` (percentage points) over at least `samples` requests.
 * `promotable`: besides, the new version can be promoted as it stands now; with 0 samples nothing is counted.
 */
export type TrafficConfirmOptions = JsonObject & { samples: number; tolerance: number; promotable?: boolean }

/** What a side has not finished yet: requests and tunnels (WebSockets, streams). `lines`: per server, for people. */
export type InFlight = { count: number; lines: string[] }

export interface TrafficPort extends Changing<TrafficValue> {
  /** Raises what `observe` raises, and Unavailable where only a part could be counted: a part is no count. */
  inFlight?(side: 'old' | 'new', io: Io): Promise<InFlight>
}

export interface TrafficSupports extends ChangeSupports {
  port: 'traffic'
  /** Smallest step of a weight, in percent points (1 = whole percents only). */
  weightStep: number
  mirror: boolean
  /** How a cohort is led, in words for the plan; left out = it cannot be. */
  cohort?: string
  /** How a new version is made the stable one, in words for the plan; left out = it cannot be: who moves the weights has no such thing. */
  promotes?: string
  /** On what `inFlight` rests, in words for the plan; left out = it cannot be told. */
  inFlight?: string
}

/** The split that gives the new side `share` percent; rounded so that 99.9 leaves 0.1 and not 0.0999…. */
export function splitAt(share: number): Split {
  return { old: Math.round((100 - share) * 1e6) / 1e6, new: share }
}

export function stableIs(side: Stable['stable']): Stable {
  return { stable: side }
}

/** As every cohort is written and read. */
export function cohortOf(users: Iterable<string>): Cohort {
  return { users: [...new Set(users)].sort() }
}

const NAMED_MAX = 3 // a plan has one line for it

function cohortWords({ users }: Cohort): string {
  if (users.length === 0) return 'no cohort'
  const named = users.slice(0, NAMED_MAX).join(', ')
  const more = users.length > NAMED_MAX ? ` and ${users.length - NAMED_MAX} more` : ''
  return `${named}${more} on the new side`
}

export const traffic = definePort<TrafficValue>({
  changing: {
    isRestoredLast: false,
    drifts: true,
    strange(target) {
      if (target.endsWith(COHORT)) return cohortOf(['mallory'])
      if (target.endsWith(STABLE)) return stableIs('new')
      return target.endsWith(MIRROR) ? { percent: 7 } : { old: 70, new: 30 }
    },
    words(value) {
      if ('users' in value) return cohortWords(value)
      if ('stable' in value) return `the ${value.stable} version is the stable one`
      if (!('percent' in value)) return null
      return value.percent === 0 ? 'no mirroring' : `${value.percent}% mirrored`
    },
    lingersMs: ({ drainMs }) => drainMs, // requests in flight
    leads: {
      unknown: splitAt(0),
      isFollowedLate: false,
      serves({ now }) {
        if ('stable' in now) return null // it says who is gone back to; the split says who is served
        if ('users' in now) return { as: 'besides', sides: { old: false, new: now.users.length > 0 } }
        if ('percent' in now) return { as: 'besides', sides: { old: false, new: now.percent > 0 } }
        return { as: 'split', sides: { old: now.old > 0, new: now.new > 0 } }
      },
      weights({ target, now }) {
        if (target !== SPLIT) return undefined
        return now !== null && 'old' in now ? { old: now.old, new: now.new } : null
      },
    },
  },
})
