// What everything that is looked at again and again has in common: how often, how much is enough, what its breach is. Types only;
// the kinds of it are the files beside this one, and how each is read is in activities/watch/readers/.
import type { PlannedConnection, PlannedGuard } from '../plan.ts'

/** Something looked at again and again while a step waits. */
export type Watched<What extends string> = {
  what: What
  /** Names it among those of its watch, and to people. */
  name: string
  connection: PlannedConnection
  everyMs: number
  /** Until the next look while the last one was bad; left out = as always. */
  recheckMs?: number
  /** What opens its gate: so many good looks in a row, or being good without a break for so long. */
  enough: { good: number } | { forMs: number }
  /** So many bad looks in a row are a breach; null = they only keep the gate shut. */
  breach: number | null
  /** Patience with looks that bring nothing; null = none, the limit of the watch ends it. */
  whenUnknown: PlannedGuard['when_unknown'] | null
  /** Measured and reported, and takes part in nothing. */
  isDryRun: boolean
}
