// What a watch remembers of each subject from look to look: counts in a row and the newest readings. Pure. The server stores
// it anew with every look of every run, so it holds only what the next look needs; all readings are kept by readings.ts.
import type { Reading } from '../../workflows/activities.ts'
import type { Subject } from '../../workflows/watched/index.ts'
import type { LastLook } from './clock.ts'
import type { OwnValuesMemory } from './own-values.ts'

const EARLIER_MAX = 4 // so that a worker that takes over, or takes turns with another one, misses few readings
const GAP_MS_MIN = 30_000 // a deploy or a busy server: looks this late still count as one stretch

/** Carried in the heartbeat details; the CLI reads it. Times are server time in ms since the epoch. */
export type Counters = {
  last: Reading
  /** Those before the last one, oldest first, at most 4. */
  earlier: Reading[]
  badInRow: number
  goodInRow: number
  /** Start of the stretch in which every look was good; null = the last look was not. */
  goodSince: number | null
  unknownSince: number | null
  /** When looks went on after the latest stretch in which nobody looked; null = there was none. */
  resumedAt: number | null
  lookedAt: number
}

export type WatchMemory = {
  subjects: { [subject: string]: Counters }
  ownValues?: OwnValuesMemory
  asked?: LastLook
}

/**
 * Counts one reading. A stretch in which nobody looked counts for nothing: every row begins anew after it.
 *
 * `unknown` ends a row of good ones but leaves `badInRow` as it is: it is no evidence of health, so bad, unknown, bad, bad
 * is three bad looks with nothing good between them, and a backend that fails together with the service must not
 * protect it from a breach. It never adds to `badInRow` either.
 */
export function counted(
  before: Counters | undefined,
  reading: Reading,
  look: { at: number; gapMsMax: number },
): Counters {
  const { at } = look
  const { verdict } = reading
  const isGap = before !== undefined && at - before.lookedAt > look.gapMsMax
  const row = isGap ? undefined : before
  return {
    last: reading,
    earlier: before === undefined ? [] : [...before.earlier, before.last].slice(-EARLIER_MAX),
    badInRow: verdict === 'good' ? 0 : (row?.badInRow ?? 0) + (verdict === 'bad' ? 1 : 0),
    goodInRow: verdict === 'good' ? (row?.goodInRow ?? 0) + 1 : 0,
    goodSince: verdict === 'good' ? (row?.goodSince ?? at) : null,
    unknownSince: verdict === 'unknown' ? (row?.unknownSince ?? at) : null,
    resumedAt: isGap ? at : (before?.resumedAt ?? null),
    lookedAt: at,
  }
}

/** Looks further apart than this do not belong to one stretch. */
export function gapMsMaxOf({ everyMs }: Pick<Subject, 'everyMs'>): number {
  return Math.max(3 * everyMs, everyMs + GAP_MS_MIN)
}
