// Quantities, JSON and evidence: small arithmetic on which every verdict rests.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Reading, Verdict } from '../../../workflows/activities.ts'
import type { Json } from '../../../workflows/json.ts'
import { canonicalJson, matches, sameJson } from '../../../workflows/json.ts'
import {
  formatDuration,
  inARow,
  milliseconds,
  percent,
  perSecond,
  threshold,
} from '../../../workflows/quantities.ts'
import { keepReadings, leaveReadings } from '../../../workflows/run/evidence.ts'
import { firstRecord } from '../../../workflows/run/first-state.ts'
import type { RunState, StepRecord } from '../../../workflows/run/state.ts'

const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const object = fc
  .dictionary(fc.string(), json)
  .map((value) => JSON.parse(JSON.stringify(value)) as { [key: string]: Json })

describe('quantities', () => {
  test('what is formatted is read back to within the unit that is shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 86_400_000 }), (ms) => {
        const text = formatDuration(ms)
        const shown = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
        const units = [...text.matchAll(/ms|[smhd]/g)].map(([unit]) => shown[unit as keyof typeof shown])
        expect(Math.abs(milliseconds(text) - ms)).toBeLessThanOrEqual(
          Math.max(500, ...(units.length === 2 ? [units[1] ?? 0] : units)),
        )
      }),
    )
  })

  test('durations add up, shares and rates keep their number', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(59), fc.nat(59), (hours, minutes, seconds) => {
        expect(milliseconds(`${hours}h${minutes}m${seconds}s`)).toBe(
          ((hours * 60 + minutes) * 60 + seconds) * 1_000,
        )
        expect(percent(`${minutes}.5%`)).toBe(minutes + 0.5)
        expect(threshold(`${minutes}%`)).toBeCloseTo(minutes / 100, 12)
        expect(perSecond(`${hours}/m`)).toBeCloseTo(hours / 60, 12)
        expect(inARow(`${seconds + 1} in a row`)).toBe(seconds + 1)
      }),
    )
  })

  test.each(['', '5', '5 m', 'm5', '-5m', '5m 3s', '1e3s', '5%'])('%j is not a duration', (text) => {
    expect(() => milliseconds(text)).toThrow('not a duration')
  })
})

describe('json', () => {
  test('equal content has one text, whatever the order of keys', () => {
    fc.assert(
      fc.property(object, (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(turned)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
        expect(sameJson(turned, value)).toBe(true)
      }),
    )
  })

  test('a value matches itself and every part of itself; what it does not have never matches', () => {
    fc.assert(
      fc.property(object, fc.string(), json, (value, key, other) => {
        expect(matches(value, value)).toBe(true)
        for (const [name, part] of Object.entries(value)) expect(matches(value, { [name]: part })).toBe(true)
        if (!Object.hasOwn(value, key)) expect(matches(value, { [key]: other })).toBe(false)
      }),
    )
  })
})

describe('evidence', () => {
  const verdicts: Verdict[] = ['good', 'bad', 'unknown']
  const reading = fc.constantFrom(...verdicts)

  test('it stays bounded and in order, keeps the newest, and bad readings outlive good ones', () => {
    fc.assert(
      fc.property(fc.array(fc.array(reading, { maxLength: 60 }), { maxLength: 12 }), (batches) => {
        const record = { id: 's01', readings: {} } as StepRecord
        const state: Pick<RunState, 'sums'> = { sums: {} }
        let number = 0
        const all: Reading[] = []
        for (const batch of batches) {
          const more = batch.map((verdict) => readingOf(verdict, ++number))
          all.push(...more)
          keepReadings(state, record, { errors: more })
        }
        const kept = record.readings.errors ?? []
        expect(kept.length).toBeLessThanOrEqual(120)
        expect(kept.at(-1)).toEqual(all.at(-1))
        expect(kept.map(({ value }) => value)).toEqual(
          kept.map(({ value }) => value).toSorted((a, b) => (a ?? 0) - (b ?? 0)),
        )
        const { good = 0, bad: badOnes = 0, unknown = 0 } = state.sums['s01']?.['errors'] ?? {}
        expect([good, badOnes, unknown]).toEqual(
          verdicts.map((each) => all.filter(({ verdict }) => verdict === each).length),
        )
        const bad = all.filter(({ verdict }) => verdict !== 'good')
        if (bad.length <= 30) expect(kept.filter(({ verdict }) => verdict !== 'good')).toEqual(bad)
      }),
    )
  })

  test('99 steps under 20 guards, each read for days, stay a small document; every sum stays', () => {
    const steps = Array.from({ length: 99 }, (_, step) => ({
      ...firstRecord(`s${step}`),
      notes: Array.from({ length: 40 }, (_line, note) => `note ${note} ${'x'.repeat(80)}`),
    }))
    const state: Pick<RunState, 'sums' | 'steps'> = { sums: {}, steps }
    let largest = 0
    for (const record of steps) {
      for (let watch = 0; watch < 2; watch++) {
        const readings = Array.from({ length: 60 }, (_reading, number) => ({
          ...readingOf(verdicts[number % 3] as Verdict, watch * 60 + number),
          text: 'query Prometheus: '.repeat(100),
        }))
        const names = Array.from({ length: 20 }, (_guard, guard) => `guard-number-${guard}`)
        keepReadings(state, record, Object.fromEntries(names.map((name) => [name, readings])))
      }
      leaveReadings(state)
      largest = Math.max(largest, JSON.stringify(state).length)
    }
    console.log(`99 steps, 20 guards: ${Math.round(largest / 1_000)} kB at most`)
    expect(largest).toBeLessThan(400_000)
    expect(state.sums['s0']?.['guard-number-19']).toEqual({ good: 40, bad: 40, unknown: 40 })
    expect(steps.at(-1)?.readings['guard-number-19']?.length).toBeGreaterThan(0)
  }, 60_000)

  function readingOf(verdict: Verdict, number: number): Reading {
    return {
      subject: 'errors',
      at: String(number).padStart(6, '0'),
      verdict,
      value: number,
      limit: '',
      samples: null,
      text: '',
    }
  }
})
