// The port shape that every port with something to change shares. A provider answers in these words only.
import type { Json, JsonObject } from '../json.ts'

/** What a backend says about a target now. `value` is normalised (sorted, defaults explicit): equal content, equal JSON. */
export interface Observed<V extends Json = Json> {
  value: V
  /** Version, etag, serial or generation for compare-and-set, where the backend has one. */
  version?: string
  /** Who wrote last, where the backend knows (field manager, user, request id). */
  writer?: string
  /** Whether that was a person or a machine (an autoscaler, a controller), where the backend knows. */
  writtenBy?: 'person' | 'machine'
  /**
   * The other places in which the target lives, when they hold something else than `value`: a file beside a process, a
   * second view, a published zone beside its API. A target is as wanted only when every one of them is; left out = all agree.
   */
  elsewhere?: Elsewhere[]
  /** What a person should know before users are moved (`v2 is a backup server: it gets no request`). Shown in the plan. */
  cautions?: string[]
  /** Who puts back, by itself, what is set here, and as what it declares it. Told apart in the plan by whether a step suspends it. */
  reconcilers?: Reconciler[]
  /** Helm releases that its objects came with, as `namespace/name`: whoever declares one of those declares it. */
  releases?: string[]
  /** What must be declared for the last of the values that were asked for, where the backend knows objects. */
  declares?: Declaration[]
  /** Further facts for people and gates (`ready` instances, session counts); never compared. */
  facts?: JsonObject
}

/** `name` as reconcilers call themselves: `Argo CD application orders`. `caution`: what `cautions` say of it, word for word. */
export interface Reconciler {
  name: string
  object: string
  caution: string
}

/** The change of a declaration, as a JSON Patch (RFC 6902) for that object. */
export type Declaration = { object: string; patch: { op: string; path: string; value?: Json }[] }

/** `place` in words of the backend: `route file /etc/envoy/routes.json`, `view internal`. `value` null: it holds nothing. */
export interface Elsewhere {
  place: string
  value: Json
  /**
   * What it holds could not be told (a file that cannot be read, a controller that is behind), and `value` is null. It is never as
   * wanted, and nobody's doing either: no write waits for it.
   */
  isUntold?: true
}

export interface Write<V extends Json = Json> {
  target: string
  desired: V
  /** The look on which the write is based. A write over anything else must fail with `Conflict` where the backend can tell. */
  seen: Observed<V>
  /** What the run found first. Tells what `desired` leaves open (how a side's share is spread over its servers), and a way back. */
  before?: V
}

/** What `confirm` found on its independent path: authoritative answers, counted requests, ready instances. */
export interface Confirmation {
  settled: boolean
  /** One line per thing looked at, for people: `192.0.2.1: 60 s, new value` / `new 24.6 % of 1,024 requests`. */
  lines: string[]
  /** Carried to the next look (first counters, say). Plain JSON, small. */
  memory?: JsonObject
}

export interface ConfirmRequest<V extends Json = Json> {
  target: string
  desired: V
  /** What the step wants looked at (`resolvers`, `samples_min`, `tolerance`); each port types its own. */
  options: JsonObject
  memory?: JsonObject
}

/** The deadline and cancellation of one call; every provider passes `signal` on to its I/O. */
export interface Io {
  signal: AbortSignal
  /** Said right before something may change: a call that is cut after it leaves an unknown outcome, one before it does not. */
  writes?(): void
}

/** A thing in the outside world that can be looked at and set. One short call each, no waiting, no decisions inside. */
export interface Changing<V extends Json = Json> {
  /**
   * Raises Denied, Missing, Unavailable, Throttled, Config. `wanted`: values that are going to be asked for; a look raises
   * Rejected or Unsupported for one that this target cannot hold, so that a plan knows. Left out: nobody reads `cautions` of
   * this look, and those that cost further calls may be left out too.
   */
  observe(target: string, io: Io, wanted?: V[]): Promise<Observed<V>>
  /** Declares the end state; the same write twice is one write. Raises Rejected, Conflict, Unsupported and those of observe. */
  write(write: Write<V>, io: Io): Promise<void>
  /** Proves the effect where the backend can. Raises what observe raises; "not yet" is `settled: false`. */
  confirm?(request: ConfirmRequest<V>, io: Io): Promise<Confirmation>
  /** Whether a write would be allowed, told without one; what was tried, in words. Raises Denied and those of observe. */
  permits?(target: string, io: Io): Promise<string>
}

/** Data about a provider that plans rely on; each port adds its own. */
export interface ChangeSupports {
  compareAndSet: boolean
  /** After this long a write that timed out can no longer land. The engine settles for longer before it believes a look. */
  landsWithin: string
  /**
   * After this long an accepted write that does not show will not show any more: it was ignored. Until then the engine calls
   * it neither failed nor done. `0s`: what was accepted shows at once.
   */
  showsWithin: string
  /** Whether `confirm` exists and on what it rests, in words for the plan. */
  proof: string | null
  /** What the operator must know, shown in the plan. */
  cautions: string[]
}
