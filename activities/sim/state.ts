// What a simulated world consists of: plain data that every other file of this folder reads and moves on.
// No behaviour here, and nothing that a port or a step would have to know.
import type { FailureKind } from '../../workflows/failure.ts'
import type { Json, JsonObject } from '../../workflows/json.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import type { ChangingPort, PortName } from '../../workflows/ports/index.ts'
import type { Notice } from '../../workflows/ports/notify.ts'
import type { ActiveRule, Verb } from './fault.ts'
import type { Timeline } from './timeline.ts'

export type Side = 'old' | 'new'
export const SIDES = ['old', 'new'] as const satisfies readonly Side[]

export interface Clock {
  now(): number
}

/** A thing that can be changed: one version per landed write, so that an undo to an equal value is a new version. */
export interface Cell {
  port: ChangingPort
  /** `edge split`, `api.example.com. A`, `new`. */
  target: string
  /** What it may be called while there is only one of that name: `split`. */
  alias?: string
  value: Json
  version: number
  writer: string | null
  /** Whether that was a person or a machine, where the world knows. */
  writtenBy: 'person' | 'machine' | null
  /** Other places in which the thing lives, as far as they hold something else: a file beside a process, a second server. */
  elsewhere: { [place: string]: Json }
  /** What else happens in the world when a value takes effect: instances start, say. */
  follow?(value: Json, at: number): void
}

export type Shown = Pick<Cell, 'value' | 'version' | 'writer' | 'writtenBy' | 'elsewhere'>

/** A reader that answers what was there when it froze, while the world moves on. */
export interface FrozenReader {
  cellKey: string
  shown: Shown
  /** The clock's moment at which it answers the truth again. */
  until: number
  /** What froze it: the end of that lifts it. */
  cause: object
}

/** How a side behaves when it is asked. */
export interface SideState {
  /** Share of answers that are errors, 0 to 1. */
  errorRatio: number
  /** 95th percentile; other quantiles are derived from it. */
  latencyMs: number
  /** What one ready instance carries; saturation is measured against it. */
  rpsPerInstance: number
  /** WebSockets and the like that were begun there and have not ended: they stay, whatever the weights say. */
  tunnels: number
  /** The body of its deep health check. */
  health: JsonObject
}

/** Instances that were started together become ready together. */
export interface Batch {
  count: number
  readyAt: number
}

export interface Fleet {
  batches: Batch[]
  warmUpMs: number
}

/** Who puts back what is declared. Its looks are `everyMs` apart from `since` on; a write lands `takesMs` after its look. */
export interface Declaring {
  declares: { cellKey: string; value: Json }[]
  everyMs: number
  takesMs: number
  since: number
}

export interface Balancer {
  rps: number
  /** Share of its users (0 to 1) that each member of its cohort is. */
  memberShare: number
}

/** Users who find a side by DNS alone: they ask the resolvers of `through` and go to the address they are told. */
export interface Entry {
  record: string
  rps: number
  addresses: { [address: string]: Side }
  /** Resolver address -> share in percent of these users. */
  through: { [resolver: string]: number }
}

export interface Cached {
  rrset: RRset
  /** When the resolver asks again: its clients never pause, so it asks as soon as it may. */
  expiresAt: number
}

export interface Resolver {
  /** Keeps answers at least so long, whatever their TTL says. */
  minTtlSeconds: number
  cache: Map<string, Cached>
}

/** A write as it was ordered. */
export interface Order {
  cellKey: string
  value: Json
  by: string
  writtenBy?: 'person' | 'machine'
  /** The version it was based on; null = over anything. */
  basedOn: number | null
}

/** A write that lands after its caller was answered: with "unknown", or with yes. */
export interface LateWrite extends Order {
  at: number
  /** It was accepted: later writes of the target take effect after it. */
  isAccepted?: boolean
  /** Only this other place of the thing gets it. */
  place?: string
}

/** One call of a port, as it was asked and how it ended. */
export interface Call {
  port: PortName
  verb: Verb
  target: string
  value: Json
  at: number
  outcome: 'open' | 'ok' | 'aborted' | FailureKind
}

/** One write that took effect, by whomever. */
export interface Landed {
  port: PortName
  target: string
  value: Json
  version: number
  by: string
  at: number
}

export interface WorldState {
  name: string
  clock: Clock
  /** Everything up to this moment has happened. */
  cursor: number
  /** Relative spread of readings, 0 to 1, and what it is drawn from: equal seeds, equal readings. */
  noise: number
  seed: number
  /** What has been placed at the start, so that nothing is placed twice. */
  placed: Set<string>
  cells: Map<string, Cell>
  balancers: Map<string, Balancer>
  entries: Map<string, Entry>
  reconcilers: Map<string, Declaring>
  zones: Set<string>
  resolvers: Map<string, Resolver>
  sides: { [S in Side]: SideState }
  fleets: { [S in Side]: Fleet }
  timeline: Timeline
  late: LateWrite[]
  frozen: FrozenReader[]
  rules: ActiveRule[]
  outages: Set<{ port: PortName }>
  calls: Call[]
  landed: Landed[]
  notices: Map<string, Notice>
}
