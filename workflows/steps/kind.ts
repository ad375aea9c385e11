// What a step kind says of itself, besides what it does (run.ts) and what a runbook may write (schema.ts). Everybody who must know
// something of a kind asks this object; nobody else knows kinds by their names. Pure: types only, and no zod at run time.
import type { Json } from '../json.ts'
import type { Outline, PlannedGuard, PlannedStep, ValueOf } from '../plan.ts'
import type { PortName } from '../ports/index.ts'
import type { Demand } from '../ports/preflight.ts'
import type { Leads } from '../ports/port.ts'
import type { RunState, Side } from '../run/state.ts'
import type { Request } from './fields.ts'
import type { StepKind } from './schemas.ts'

type Spec<K extends StepKind> = PlannedStep<K>['spec']

/** Where something stands among the fields of a step. */
export type FieldPath = (string | number)[]

/** Users who are sent elsewhere: by a share in percent, or (`share` null) by a name that leads to another place. */
export type Move = {
  connection: string
  target: string
  share: number | null
  path: FieldPath
  /** Nothing was there before, so nothing of it is kept in caches. */
  isNew?: boolean
  /** What a name leads to, where the runbook says it. */
  serves?: Leads
}

/** Whether and how a step can be taken back. */
export type Reversibility =
  | { is: 'reversible' }
  | { is: 'reversible until'; at: string }
  | { is: 'reversible with loss'; loses: string }
  | { is: 'irreversible'; because: string }

/** What a step needs besides its targets: a plan tries it beforehand, as far as that has no effect. */
export type Needs = {
  /** `isWatched`: made again and again while the step lasts. */
  journeys?: { connection: string; requests: Request[]; isWatched: boolean }[]
  /** Resolvers that must show what it changes. */
  resolvers?: string[] | null
  /** Conditions that must be proven. */
  proofs?: PlannedGuard[]
  /** Sides whose requests in flight are counted. */
  drains?: { connection: string; side: Side }[]
  /** Places that must be fit for users, and the checks (with a reason) whose findings stop nothing. */
  examinations?: { connection: string; demand: Demand; accepted: { [check: string]: string } }[]
}

/** What takes the place of an example's hours and addresses on the lab. */
export type Lab = {
  hold: string
  /** Null: there is nothing to warm. */
  warmUrl: string | null
  resolver: string
  record: string
  newAddress: string
  /** A query over the lab's short windows. */
  query(text: Json | undefined): string
}

type Fields = { [field: string]: Json }

export interface AnyKind<K extends StepKind = StepKind> {
  /** What a step is called when its runbook gives it no title: words that an operator would say at a table. */
  title(spec: Spec<K>): string
  /** Fields that name connections, with the port of each: `connection`, `idle_proof.from`, `journeys[].connection`. */
  connections: { [field: string]: PortName }
  /** Fields that name guards, besides `guards`: `warm.throttle[]`. */
  guards?: string[]
  /** Whether it changes the world, so that something must be able to send the run back. */
  changes: boolean
  outline(spec: Spec<K>, seen: ValueOf): Outline
  /** With the state as it is now; null = before the run: what it will come to. Left out: reversible at any time. */
  reversibility?(spec: Spec<K>, state: RunState | null): Reversibility
  /** Where users are sent, in order. Left out: nobody is moved, and no guard is demanded. */
  moves?(spec: Spec<K>): Move[]
  /** Which moments of it are watched by guards. `never`: it is over in seconds. */
  watched: 'never' | 'throughout' | 'until its last change'
  needs?(spec: Spec<K>): Needs
  /** Whom it asks. */
  asks?(spec: Spec<K>): { people: 'anyone' | string[]; quorum: number; selfApproval: boolean }
  /** What it makes ready for the users who come later: looked at again before each larger share. */
  readies?(spec: Spec<K>): { connection: string; target: string; withinMs: number }[]
  /** The side that it takes away, the field that says so, and whether it looks if what remains carries the load. */
  removes?(spec: Spec<K>): { side: Side; path: FieldPath; isCarried: boolean }
  /** The side that it waits for to be left by all users, and the field that says so. */
  empties?(spec: Spec<K>): { side: Side; path: FieldPath }
  /** How it asks as somebody whom the edge leads by name, where that stands, and the field of the connection that says how the edge does. */
  tellsUsersBy?(spec: Spec<K>): {
    connection: string
    sign: { header?: string | undefined; cookie?: string | undefined }
    path: FieldPath
    field: string
  }
  /** What it suspends, for how long at most, and the field that says so. */
  suspends?(spec: Spec<K>): { connections: readonly string[]; forMs: number; path: FieldPath }
  /** What it lets go on again. */
  handsBack?(spec: Spec<K>): readonly string[]
  /** Its own way back (undo.ts) begins when everything else is back, instances included. */
  isTakenBackLast?: boolean
  /** The field that names record sets: a list of them, or the values that each shall have. */
  recordSets?: string
  /** It shortens what caches may keep of its record sets: to be done before they move. */
  shortensCaching?: boolean
  /** Its fields in fast motion, on the lab; left out: as they are. */
  hurried?(fields: Fields, lab: Lab): Fields
}

/** A kind whose fields may say `unwatched` is one that moves users, and the other way round. */
export type Kind<K extends StepKind> = AnyKind<K> &
  ('unwatched' extends keyof Spec<K> ? Required<Pick<AnyKind<K>, 'moves'>> : { moves?: never })

/** Keeps the types of a kind's own fields while checking what it says. */
export function defineKind<K extends StepKind>(kind: Kind<K>): Kind<K> {
  return kind
}
