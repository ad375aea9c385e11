// What a load generator is asked to do and what it reports.

/** Where requests go: one address, or wherever a name leads through a resolver, as long as its TTL allows. */
export type LoadTarget =
  | { url: string }
  | { name: string; port: number; resolver: { host: string; port: number }; path?: string }

export type LoadOptions = {
  target: LoadTarget
  /** Requests per second, kept up whether or not answers come. */
  ratePerSecond?: number
  /** Ends by itself after this long. */
  secondsMax?: number
  timeoutMs?: number
  /**
   * A request whose connection is reset before an answer begins is sent once more, on a new one, as HTTP libraries and browsers
   * do for what may be repeated. Counted in `repeated`.
   */
  repeatsReset?: boolean
  /** How long it waits until then; default: not at all. */
  repeatAfterMs?: number
}

/** `lastAt`: when its last good answer had come in (milliseconds since 1970); null = none has. */
export type SideCount = { answered: number; injected: number; lastAt: number | null }

export type LoadReport = {
  seconds: number
  sent: number
  /** Good answers, per side in `sides`. */
  answered: number
  /** Answers and silences that the service was told to give (`x-injected`): no fault of the way to it. */
  injected: number
  /** Everything else: refused, reset, timed out, a status that is not 2xx. What a cutover must keep at 0. */
  failed: number
  /** Sent once more after a reset. */
  repeated: number
  /** Not sent, because too many were without an answer. */
  skipped: number
  inFlight: number
  sides: { old: SideCount; new: SideCount }
  /** Failures by reason, e.g. `ECONNRESET, reused connection`, `timeout`, `status 503`. */
  failures: Record<string, number>
  latencyMs: { p50: number; p95: number; p99: number; max: number }
  /** The last seconds, oldest first; the present one is not among them. */
  recent: { old: number; new: number; injected: number; failed: number }[]
  /** Requests per address, when going by name. */
  addresses: Record<string, number>
}

/** Messages from the owner; each is answered by a LoadReport. `stop` is answered when nothing is in flight. */
export type LoadCommand = 'read' | 'stop'
