// Long work in pieces. A job says what its next piece is; pace, heartbeats, being ended and being taken up stand here once.
import type { Json } from '../../workflows/json.ts'
import type { Deps } from '../provider.ts'

/** What a piece may use: its own deadline and the end of the job, in one signal. */
export type Tools = Pick<Deps, 'fetch'> & { signal: AbortSignal }

/**
 * One kind of long work. `State` is all that is known between two pieces: JSON, and small, because the server keeps it with every
 * heartbeat. A piece may be done twice (its worker died before the heartbeat), so doing it again must change nothing.
 */
export interface Job<Spec extends Json, State extends Json> {
  /** What is counted, as a plural: `requests`. */
  unit: string
  begin(spec: Spec): State
  /** `total`: null where it cannot be known beforehand. */
  progress(spec: Spec, state: State): { done: number; total: number | null }
  /** Not called again once everything is done. Takes at most some seconds. */
  piece(spec: Spec, state: State, tools: Tools): Promise<State>
  isOver(spec: Spec, state: State): boolean
}

export function defineJob<Spec extends Json, State extends Json>(job: Job<Spec, State>): Job<Json, Json> {
  return job
}
