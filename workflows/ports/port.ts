// What the engine must know of a port besides its calls. Each port states it in its own file, and nobody else lists ports.
// Pure: the workflow, the activities, the command line and the simulated world all read it.
import type { Json } from '../json.ts'

/** What a runbook may say of a name: which side its new values lead to, or that they lead to an edge. */
export type Leads = 'old' | 'new' | 'edge'

/** Which sides get requests of users. */
export type Served = { old: boolean; new: boolean }

/** Which sides users reach: through each edge of a plan, and all in all. */
export type Serving = { all: Served; edges: { [edge: string]: Served } }

export type Weights = { old: number; new: number }

/** Of a port whose targets can be changed. Everything that is left out does not apply to it. */
export interface ChangingFacts<V extends Json = Json> {
  /**
   * A run that goes back restores it only when everything else is back and clients have let go of it: instances, on which
   * the users of every other target rest.
   */
  isRestoredLast: boolean
  /** Restored behind everything else, instances included: what puts back by itself what it takes for true. */
  isReleasedLast?: boolean
  /** Nobody else changes it while a run waits. False: machines do (an autoscaler), and they may be written over. */
  drifts: boolean
  /** Parts of a value that a step may set for the time of the run only. */
  temporaryParts?: string[]
  /** A valid value of a target that no runbook names, as a stranger might set it: for trying what becomes of it. */
  strange(target: string): V
  /** How plans say a value; null = as it is written. */
  words?(value: V): string | null
  /** Whether there is such a thing at all. */
  isThere?(value: V): boolean
  /** Whether more than what was ordered is as ordered. */
  isEnough?(found: V, ordered: V): boolean
  /** What going back brings a target to that holds `now`; left out = exactly what was there before. */
  back?(of: { target: string; before: V; now: V }): V
  /** Whether `values` (all that this run may have set) must stay until it is noticed that users are back (`noticesWithin`). */
  isReleasedLate?(of: { target: string; before: V; values: V[] }): boolean
  /** What of a value stays as it is when nobody does anything: only that is part of the digest of a plan. */
  lasting?(value: V): Json
  /** For how long clients may still go where `values` (all that this run may have set) led them, once `before` is back. */
  lingersMs?(of: { before: V; values: V[]; drainMs: number }): number
  /** How its values lead users; left out = they do not. */
  leads?: LeadingFacts<V>
}

export interface LeadingFacts<V extends Json = Json> {
  /** What a target holds that was not looked at: like no value that a runbook names. */
  unknown: V
  /** Users follow a new value one by one, so that both sides are served until all of them have. */
  isFollowedLate: boolean
  /**
   * Which sides get requests by a value of a target. `split`: whatever name leads to it, it says who is served. `name`: it
   * leads users where nothing splits. `besides`: requests that a side gets whatever splits: copies, and those of a name of
   * which the runbook says what it leads to (`declared`). Null = it leads nobody.
   */
  serves(of: {
    target: string
    before: V
    now: V
    declared?: Leads | undefined
  }): { as: 'split' | 'name' | 'besides'; sides: Served } | null
  /** The weights that people are shown; `now` null = nobody knows what it holds. Undefined: the target has none. */
  weights?(of: { target: string; now: V | null }): Weights | null | undefined
}

export interface PortFacts {
  /** Null: it changes nothing. */
  changing: ChangingFacts | null
}

/** Keeps the types of a port's own values while checking what it says. */
export function definePort<V extends Json>(facts: { changing: ChangingFacts<V> | null }): PortFacts {
  return facts
}
