// One thing that a run will need besides its targets, as it can be tried beforehand without changing anything, and what came of it.
import type { PlannedConnection, PlannedGuard } from './plan.ts'
import type { Demand } from './ports/preflight.ts'
import type { ProbeRequest } from './ports/probe.ts'

export type Trial =
  /** Its query and its samples, on both sides where it compares. */
  | { what: 'guard'; connection: PlannedConnection; guard: PlannedGuard; isProof: boolean }
  | {
      what: 'journey'
      connection: PlannedConnection
      step: string
      requests: ProbeRequest[]
      /** Nothing that the run does, no wait and no person comes before it: if it is not good now, it will not be then. */
      isFirst: boolean
    }
  /** Whether a place is fit for users. `isFirst` as of a journey: what stands in the way now will do so then. */
  | {
      what: 'preflight'
      connection: PlannedConnection
      step: string
      demand: Demand
      accepted: { [check: string]: string }
      isFirst: boolean
    }
  /** Every reference in the configuration of a connection. */
  | { what: 'secrets'; connection: PlannedConnection }
  | { what: 'notices'; connection: PlannedConnection }
  | { what: 'lock'; connection: PlannedConnection; target: string; locks: string[] }
  /** Whether every name server and resolver that is to show a change answers, and with what is there now. */
  | { what: 'answers'; connection: PlannedConnection; target: string; step: string; resolvers: string[] }
  /** What a side has in flight now: whether it can be counted. */
  | { what: 'in-flight'; connection: PlannedConnection; step: string; side: 'old' | 'new' }
  /** Whether a write would be allowed, where a backend can tell without one. */
  | { what: 'permission'; connection: PlannedConnection; target: string }

/** What came of a trial. `text`: what came back; `notes`: what a person should know, without being a reason not to start. */
export type TrialAnswer = { text: string; notes: string[] }

/** `name` for people: `guard errors`. `problem` null: it works, as far as it could be tried. */
export type TrialResult = TrialAnswer & {
  what: Trial['what']
  name: string
  connection: string
  target: string | null
  /** The step concerned, where it is one. */
  step: string | null
  problem: string | null
}
