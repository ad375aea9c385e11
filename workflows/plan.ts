// A plan: a runbook resolved. Every default is filled in and every target named; this is the input of a run.
import type { z } from 'zod'
import type { Guard } from './guards/schema.ts'
import type { Json, JsonObject } from './json.ts'
import type { PortName } from './ports/index.ts'
import type { Observed } from './ports/target.ts'
import type { StepKind, stepSchemas } from './steps/schemas.ts'

/** A connection as activities need it. `config` holds references to secrets, never secrets. */
export type PlannedConnection = {
  name: string
  provider: string
  port: PortName
  config: JsonObject
  /** After this long a write that timed out can no longer land (the provider's figure). */
  landsWithin: string
  /** After this long an accepted write that does not show was ignored (the provider's figure). */
  showsWithin: string
  /** Capacity: after this long its autoscaler has noticed users who are back (the provider's figure). */
  noticesWithin?: string
}

export type PlannedGuard = Guard & { name: string }

/** A step of one kind: what the runbook says, defaults filled in, plus its place in the plan. */
export type PlannedStep<K extends StepKind = StepKind> = {
  [Kind in K]: {
    id: string
    /** Place in the plan, from 1. */ index: number
    kind: Kind
    title: string
    spec: z.output<(typeof stepSchemas)[Kind]>
  }
}[K]

/** A target that the run may change, and the names of the real resources behind it (one run may hold each). */
export type PlannedTarget = { connection: string; target: string; locks: string[] }

/** What a target held when people reviewed the plan: the state that going back leads to. */
export type Found = { connection: string; target: string; value: Json }

export type Plan = {
  planVersion: 1
  service: string
  description: string
  connections: { [name: string]: PlannedConnection }
  guards: PlannedGuard[]
  steps: PlannedStep[]
  targets: PlannedTarget[]
  /** What the targets held when the plan was made; empty = made offline, and the first look of the run is what counts. */
  found: Found[]
  /** When going back, capacity is taken away only so long after traffic has left it. */
  drain: string
  /** Files that say what Terraform manages: where they are, never what they hold. Read by whoever makes the plan; left out = none. */
  terraform?: { state: string; connections?: string[] }[]
  /** Notify connections that hear of gates, breaches and the end. */
  notify: string[]
  /** SHA-256 over the canonical JSON of everything above, in hex. */
  digest: string
}

/** What a step is going to change, as far as it can be known before: `desired` null = depends on what is found. */
export type IntendedChange = { connection: string; target: string; desired: Json | null }

/** What a plan says of a step besides its parameters. */
export type Outline = {
  changes: IntendedChange[]
  /** Why the step cannot work on what was found; left out = nothing stands in its way. */
  problems?: { connection: string; target: string; problem: string }[]
  /** How it goes back, in words. */
  back: string
  shortestMs: number
  /** null = until a person decides. */
  longestMs: number | null
  /** Who decides, in words; null = nobody needs to. */
  decides: string | null
}

/** The last known value of a target; undefined = not looked at. */
export interface ValueOf {
  (connection: string, target: string): Json | undefined
  /** What the look itself brought, before any step; left out where a value alone is known. */
  look?(connection: string, target: string): Pick<Observed, 'value' | 'facts'> | undefined
}
