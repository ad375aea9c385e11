// Evidence kept with a step: readings of its watches, bounded. Pure.
import type { Reading, Readings } from '../activities.ts'
import type { StepRecord } from './state.ts'

const READINGS_PER_SUBJECT = 120 // enough for a chart; state must stay far below the payload limit of 2 MiB

export function keepReadings(record: StepRecord, readings: Readings): void {
  for (const [subject, more] of Object.entries(readings)) {
    record.readings[subject] = thinned([...(record.readings[subject] ?? []), ...more])
  }
}

/** Every other reading is dropped until they fit; bad and unknown ones stay as long as they can, the newest always. */
function thinned(readings: Reading[]): Reading[] {
  if (readings.length <= READINGS_PER_SUBJECT) return readings
  const kept = readings.filter(
    (reading, index) =>
      index % 2 === readings.length % 2 || reading.verdict !== 'good' || index === readings.length - 1,
  )
  return kept.length < readings.length ? thinned(kept) : readings.slice(-READINGS_PER_SUBJECT)
}
