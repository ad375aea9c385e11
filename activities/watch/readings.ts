// Readings of the watches that this worker looks at, kept here for the result of each: a heartbeat carries only the newest
// few. What another worker has read in between comes with the heartbeat. Lost with the process, but for those few.
import type { Reading, Readings } from '../../workflows/activities.ts'
import type { Counters } from './counters.ts'

export const READINGS_MAX = 60 // of one subject: enough for a chart
const READINGS_OF_ALL_MAX = 100_000 // about 20 MB; those of the watch that was not looked at for the longest time go first

type Subjects = { [subject: string]: Counters }

/** `stride`: one of so many readings is kept. `skipped`: so many were not since the last one that was. */
type Series = { readings: Reading[]; stride: number; skipped: number; newest: string }

export interface ReadingsStore {
  /** Keeps what was read until now by the watch of this name. */
  add(watch: string, subjects: Subjects): void
  /** Everything known of a watch that is over, oldest first, the last reading always among it. Forgets the watch. */
  take(watch: string, subjects: Subjects): Readings
}

export function createReadingsStore(limit = READINGS_OF_ALL_MAX): ReadingsStore {
  const watches = new Map<string, { [subject: string]: Series }>()
  let size = 0

  function forget(watch: string): { [subject: string]: Series } {
    const known = watches.get(watch) ?? {}
    watches.delete(watch)
    size -= sizeOf(known)
    return known
  }

  function withNewest(watch: string, subjects: Subjects): { [subject: string]: Series } {
    const known = forget(watch)
    return Object.fromEntries(
      Object.entries(subjects).map(([subject, counters]) => [subject, continued(known[subject], counters)]),
    )
  }

  return {
    add(watch, subjects) {
      const all = withNewest(watch, subjects)
      watches.set(watch, all) // the youngest is the last one
      size += sizeOf(all)
      while (size > limit && watches.size > 1) forget(watches.keys().next().value as string)
    },
    take(watch, subjects) {
      const all = withNewest(watch, subjects)
      return Object.fromEntries(
        Object.entries(all).map(([subject, series]) => [subject, ended(series, subjects[subject]?.last)]),
      )
    },
  }
}

function continued(series: Series | undefined, { earlier, last }: Counters): Series {
  let next = series ?? { readings: [], stride: 1, skipped: 0, newest: '' }
  for (const reading of [...earlier, last]) if (reading.at > next.newest) next = extended(next, reading)
  return next
}

function extended({ readings, stride, skipped }: Series, reading: Reading): Series {
  const isChange = readings.at(-1)?.verdict !== reading.verdict // worth showing
  const isKept = isChange || skipped + 1 >= stride
  if (!isKept) return { readings, stride, skipped: skipped + 1, newest: reading.at }
  const all = [...readings, reading]
  if (all.length <= READINGS_MAX) return { readings: all, stride, skipped: 0, newest: reading.at }
  const thinned = all.filter((_, index) => index % 2 === 0)
  return { readings: thinned, stride: stride * 2, skipped: 0, newest: reading.at }
}

function ended({ readings }: Series, last: Reading | undefined): Reading[] {
  return last === undefined || readings.at(-1)?.at === last.at ? readings : [...readings, last]
}

function sizeOf(series: { [subject: string]: Series }): number {
  return Object.values(series).reduce((sum, { readings }) => sum + readings.length, 0)
}
