// What a fleet's admin port understands and answers, for the fleet itself and for whoever scripts it.
export type Side = 'old' | 'new'

/** Faults of a whole side; all of them off at the start. */
export type Faults = {
  /** Share of requests answered 500 with `x-injected: error`, 0..1. */
  errorRatio: number
  /** Added to every answer. */
  latencyMs: number
  /** Share of requests that get a head with `x-injected: hang` and never an end, 0..1. */
  hangRatio: number
  /** `/healthz/ready` fails, its database check says unreachable. */
  unready: boolean
}

export const NO_FAULTS: Faults = { errorRatio: 0, latencyMs: 0, hangRatio: 0, unready: false }

/** Instances wanted, and how many of them can serve. */
export type Capacity = { count: number; ready: number }

/** `GET /state` of a fleet's admin port. */
export type FleetState = Capacity & {
  side: Side
  version: string
  slots: number[]
  /** Ports of the instances that run, also warming and draining ones. */
  running: number[]
  faults: Faults
}

export type FleetOptions = {
  side: Side
  region: string
  version: string
  slots: number[]
  admin: number
  count: number
  warmUpMs: number
}
