// What is kept of a watch: little in every heartbeat, a chart's worth for the result, whichever worker looked.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Counters } from '../../../activities/watch/counters.ts'
import { counted, gapMsMaxOf } from '../../../activities/watch/counters.ts'
import { READINGS_MAX, createReadingsStore } from '../../../activities/watch/readings.ts'
import type { Verdict } from '../../../workflows/activities.ts'
import { EVERY_MS, START, after, guard, reading } from './subjects.ts'

const HEARTBEAT_BYTES_MAX = 2_000 // of one subject: a thousand runs with ten guards look every ten seconds
const errors = guard()

/** Looks at one guard, each by the worker of that number. */
function lookedAtBy(workers: number[], verdictOf: (look: number) => Verdict = () => 'good') {
  const kept = [createReadingsStore(), createReadingsStore()]
  let counters: Counters | undefined
  workers.forEach((worker, look) => {
    const at = START + look * EVERY_MS
    counters = counted(counters, reading(verdictOf(look), at), { at, gapMsMax: gapMsMaxOf(errors) })
    if (look < workers.length - 1) kept[worker]?.add('watch', { errors: counters })
  })
  return kept[workers.at(-1) ?? 0]?.take('watch', { errors: counters as Counters })['errors'] ?? []
}

describe('a heartbeat', () => {
  it('carries only what the next look needs, however long the watch', () => {
    const counters = after(errors, Array<Verdict>(500).fill('good'))
    expect(JSON.stringify(counters).length).toBeLessThan(HEARTBEAT_BYTES_MAX)
    expect(counters.earlier.map(({ at }) => at)).toEqual(
      [495, 496, 497, 498].map((look) => new Date(START + look * EVERY_MS).toISOString()),
    )
  })
})

describe('the result of a watch', () => {
  it('holds a bounded number of readings in order, the first and the last among them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), (looks) => {
        const readings = lookedAtBy(Array<number>(looks).fill(0))
        expect(readings.length).toBeLessThanOrEqual(READINGS_MAX + 1)
        expect(readings.length).toBeGreaterThanOrEqual(Math.min(looks, READINGS_MAX / 2))
        const times = readings.map(({ at }) => at)
        expect(times).toEqual([...new Set(times)].sort())
        expect(times[0]).toBe(new Date(START).toISOString())
        expect(times.at(-1)).toBe(new Date(START + (looks - 1) * EVERY_MS).toISOString())
      }),
      { numRuns: 30 },
    )
  })

  it('misses nothing when workers take turns', () => {
    expect(lookedAtBy([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0])).toHaveLength(11)
  })

  it('holds the newest readings when the worker that looked until then is gone', () => {
    expect(lookedAtBy([...Array<number>(40).fill(0), 1]).map(({ at }) => Date.parse(at))).toEqual(
      [36, 37, 38, 39, 40].map((look) => START + look * EVERY_MS),
    )
  })

  it('shows a change of verdict in a watch of weeks', () => {
    const readings = lookedAtBy(Array<number>(1_000).fill(0), (look) => (look === 997 ? 'bad' : 'good'))
    expect(readings.filter(({ verdict }) => verdict === 'bad')).toHaveLength(1)
  })

  it('is forgotten first where a watch was not looked at for the longest time: there is a bound over all', () => {
    const kept = createReadingsStore(3)
    const one = after(errors, ['good', 'good'])
    kept.add('first', { errors: one })
    kept.add('second', { errors: one })
    expect(kept.take('first', {})).toEqual({})
    expect(kept.take('second', { errors: one })['errors']).toHaveLength(2)
  })
})
