// Reconcilers: what puts back, by itself, what is declared elsewhere (Argo CD, Flux). One target each: `reconciling`.
import type { JsonObject } from '../json.ts'
import { definePort } from './port.ts'
import type { ChangeSupports, Changing } from './target.ts'

/**
 * Whether it leaves alone what it declares. `by`: who has suspended it, as far as it says so. `policy`: how it reconciles, in its own
 * words; a value that was found is written back with it.
 */
export type Reconciling = { suspended: boolean; by?: string; policy?: JsonObject }

export const RECONCILING = 'reconciling'

/** As a run suspends. */
export const SUSPENDED: Reconciling = { suspended: true, by: 'cutover' }

/** What a run leaves of a value that was found: what others have suspended stays as it is. */
export function suspended(found: Reconciling): Reconciling {
  return found.suspended ? found : SUSPENDED
}

/**
 * Options of `confirm`.
 * - `quiet`: it has read that it is suspended, and nothing that it had begun is under way.
 * - `before`, `after`: letting it go on changes nothing of `objects` (all, where none is named), which are as they were before the run,
 *   or as the run has set them. With a desired value that is not suspended: it has gone on since, and so it was.
 */
export type ReconcilerConfirmOptions = JsonObject & {
  expects: 'quiet' | 'before' | 'after'
  objects: string[]
}

/** Facts of `observe`: what it is called by the objects that it declares. */
export type ReconcilerFacts = { names: string[] }

export type ReconcilerPort = Changing<Reconciling>

export interface ReconcilerSupports extends ChangeSupports {
  port: 'reconciler'
}

export const reconciler = definePort<Reconciling>({
  changing: {
    isRestoredLast: false,
    isReleasedLast: true, // else it would put back, in the midst of the way back, what is not back yet
    drifts: true,
    strange: () => ({ suspended: true }),
    words({ suspended: isSuspended, by }) {
      if (!isSuspended) return 'reconciling'
      return by === undefined ? 'not reconciling by itself' : `suspended by ${by}`
    },
  },
})
