// Evidence kept with a step: readings of its watches while it runs, a sum and some of them afterwards. Pure.
// The state of a run is carried, queried and reported as one document: whatever a runbook holds, this must stay a part of it.
import type { LookMemory, Reading, Readings } from '../activities.ts'
import type { RunState, StepRecord } from './state.ts'

const READINGS_PER_SUBJECT = 120 // enough for a chart
const STEP_BYTES = 100_000 // all readings of the step that runs: five subjects at full length, or twenty at a quarter of it
const PAST_BYTES = 80_000 // all readings of all steps before it
const NOTES_LENGTH = 60_000 // of all steps; then those of the first ones become fewer
const NOTES_LEFT = 2
const TEXT_MAX = 200 // backends are quoted in readings

export function keepReadings({ sums }: Pick<RunState, 'sums'>, record: StepRecord, readings: Readings): void {
  const ofStep = (sums[record.id] ??= {})
  for (const [subject, more] of Object.entries(readings)) {
    const sum = (ofStep[subject] ??= { good: 0, bad: 0, unknown: 0 })
    const known = record.readings[subject] ?? []
    const newest = known.at(-1)?.at ?? ''
    const fresh = more.filter(({ at }) => at > newest) // a watch that was taken up brings what is known
    for (const { verdict } of fresh) sum[verdict] += 1
    record.readings[subject] = thinned([...known, ...fresh.map(short)], READINGS_PER_SUBJECT)
  }
  fit([record], STEP_BYTES)
}

/** What a watch of that name has counted before. */
export function keptOf({ state: { memories } }: { state: Pick<RunState, 'memories'> }, name: string | null) {
  if (name === null) return {}
  const memory = memories[name]
  return { name, ...(memory !== undefined && { memory }) }
}

/** A watch was cut short, and what it had read never reaches the run: that it was there is kept. */
export function leaveUnread(
  { sums }: Pick<RunState, 'sums'>,
  step: string,
  subjects: { name: string }[],
): void {
  const ofStep = (sums[step] ??= {})
  for (const { name } of subjects) ofStep[name] ??= { good: 0, bad: 0, unknown: 0 }
}

/** Of a watch that was cut when the run went back: the newest readings up to that moment, those before are lost. */
export function keepNewest(
  state: Pick<RunState, 'sums' | 'steps' | 'cursor' | 'reason'>,
  memory: LookMemory | undefined,
): void {
  const record = state.steps[Math.min(state.cursor, state.steps.length - 1)]
  if (record === undefined || state.reason === null) return
  const until = new Date(state.reason.at).toISOString()
  const readings = Object.entries(memory?.subjects ?? {}).map(([subject, { earlier, last }]) => {
    const all = [...earlier, last]
    const before = all.filter(({ at }) => at <= until)
    return [subject, before.length > 0 ? before : all.slice(0, 1)] // it looks on until something is restored
  })
  keepReadings(state, record, Object.fromEntries(readings) as Readings)
}

/** When a step ends, its readings join those of the steps before it, and all of them become fewer until they fit. */
export function leaveReadings({ steps }: Pick<RunState, 'steps'>): void {
  fit(steps, PAST_BYTES)
  let length = steps.reduce((sum, { notes }) => sum + lengthOf(notes), 0)
  for (const record of steps) {
    if (length <= NOTES_LENGTH) return
    length -= lengthOf(record.notes)
    record.notes = record.notes.slice(-NOTES_LEFT)
    length += lengthOf(record.notes)
  }
}

function lengthOf(notes: string[]): number {
  return notes.reduce((sum, note) => sum + note.length, 0)
}

function fit(records: StepRecord[], bytesMax: number): void {
  for (let each = READINGS_PER_SUBJECT; bytesOf(records) > bytesMax; each = Math.floor(each / 2)) {
    if (each === 0) return forget(records)
    for (const record of records) {
      for (const [subject, readings] of Object.entries(record.readings))
        record.readings[subject] = thinned(readings, each)
    }
  }
}

/** One of each is too much already: the sums tell of those that are left. */
function forget(records: StepRecord[]): void {
  for (const record of records.slice(0, -1)) record.readings = {}
}

function bytesOf(records: StepRecord[]): number {
  return records.reduce((sum, { readings }) => sum + JSON.stringify(readings).length, 0)
}

/** Every other reading is dropped until they fit; bad and unknown ones stay as long as they can, the newest always. */
function thinned(readings: Reading[], most: number): Reading[] {
  if (readings.length <= most) return readings
  const kept = readings.filter(
    (reading, index) =>
      index % 2 === readings.length % 2 || reading.verdict !== 'good' || index === readings.length - 1,
  )
  return kept.length < readings.length ? thinned(kept, most) : readings.slice(-most)
}

function short(reading: Reading): Reading {
  const { text } = reading
  return text.length <= TEXT_MAX ? reading : { ...reading, text: `${text.slice(0, TEXT_MAX - 1)}…` }
}
