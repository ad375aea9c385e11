// One look at a guard: which answers are good, bad and unknown, and what people read of them.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Answer } from '../../../activities/watch/reading.ts'
import { readGuard } from '../../../activities/watch/reading.ts'
import type { PlannedGuard } from '../../../workflows/plan.ts'
import { threshold } from '../../../workflows/quantities.ts'
import { guardOf } from './subjects.ts'

const AT = '2026-06-01T14:00:00.000Z'
const value = (number: number): Answer => ({ kind: 'value', value: number, at: AT, warnings: [] })
const none: Answer = { kind: 'none', why: 'the result is empty', at: AT }
const failed: Answer = { kind: 'failed', why: 'no answer within 4s' }

function read(guard: Partial<PlannedGuard>, asked: { value: Answer; other?: Answer; samples?: Answer }) {
  return readGuard(
    guardOf(guard),
    { value: asked.value, other: asked.other ?? null, samples: asked.samples ?? null },
    AT,
  )
}

describe('a reading', () => {
  it.each([
    ['at the limit is good', { max: '0.5%' }, 0.005, 'good', '0.5 %, at most 0.5 %'],
    ['above the limit is bad', { max: '0.5%' }, 0.0051, 'bad', '0.51 %, at most 0.5 %'],
    ['of a duration is read in seconds', { max: '800ms' }, 0.9, 'bad', '900 ms, at most 800 ms'],
    [
      'of a query in milliseconds is told as a duration',
      { max: '800ms', unit: 'ms' },
      120,
      'good',
      '120 ms, at most 800 ms',
    ],
    [
      'of a query in milliseconds is bad above its duration',
      { max: '800ms', unit: 'ms' },
      900,
      'bad',
      '900 ms, at most 800 ms',
    ],
    ['of a query in minutes too', { max: '90s', unit: 'm' }, 2, 'bad', '120 s, at most 90 s'],
    ['of a plain number stays plain', { max: 1204 }, 1203.7, 'good', '1,204, at most 1,204'],
    ['below a minimum is bad', { max: undefined, min: 10 }, 9, 'bad', '9, at least 10'],
    ['zero is a number', { max: 0 }, 0, 'good', '0, at most 0'],
  ] as const)('%s', (...[, limits, number, verdict, text]) => {
    expect(read(limits as Partial<PlannedGuard>, { value: value(number) })).toMatchObject({ verdict, text })
  })

  it('says what the backend remarked of its query, cut', () => {
    const remarked: Answer = {
      kind: 'value',
      value: 0.002,
      at: AT,
      warnings: ['PromQL info: metric might not be a counter', 'more'],
    }
    expect(read({}, { value: remarked })).toMatchObject({
      verdict: 'good',
      text: '0.2 %, at most 0.5 % (PromQL info: metric might not be a counter)',
    })
    const long: Answer = { ...remarked, warnings: ['x'.repeat(1_000)] }
    expect(read({}, { value: long }).text.length).toBeLessThan(130)
  })

  it('without data is unknown, whatever the reason, and says why', () => {
    expect(read({}, { value: none })).toMatchObject({
      verdict: 'unknown',
      value: null,
      text: 'unknown: the result is empty',
    })
    expect(read({}, { value: failed })).toMatchObject({
      verdict: 'unknown',
      text: 'unknown: no answer within 4s',
    })
    expect(read({}, { value: value(Number.NaN) }).verdict).toBe('unknown')
    expect(read({}, { value: value(Infinity) }).verdict).toBe('unknown')
  })

  it('that rests on too few samples is unknown, good or bad', () => {
    const guard = { min_samples: 1000, samples: 'count' }
    expect(read(guard, { value: value(0), samples: value(999) }).text).toBe(
      'unknown: 999 of 1,000 samples (0 %, at most 0.5 %)',
    )
    expect(read(guard, { value: value(0.9), samples: value(0) }).verdict).toBe('unknown')
    expect(read(guard, { value: value(0), samples: none }).verdict).toBe('unknown')
    expect(read(guard, { value: value(0), samples: value(1000) })).toMatchObject({
      verdict: 'good',
      samples: 1000,
    })
  })

  it('whose samples are only counted for people does not depend on them', () => {
    expect(read({ samples: 'count' }, { value: value(0), samples: none })).toMatchObject({
      verdict: 'good',
      samples: null,
    })
  })

  it('compared with the other side is bad when it is higher by more than allowed', () => {
    const guard = {
      max: undefined,
      compare: { to: 'old', increase_max: '10%' },
    } as unknown as Partial<PlannedGuard>
    expect(read(guard, { value: value(1.1), other: value(1) })).toMatchObject({
      verdict: 'good',
      text: '1.1 against 1 on old, at most 10 % above old',
    })
    expect(read(guard, { value: value(1.2), other: value(1) }).verdict).toBe('bad')
    expect(read(guard, { value: value(0.0001), other: value(0) }).verdict).toBe('bad')
    expect(read(guard, { value: value(1), other: none }).verdict).toBe('unknown')
  })

  it('is bad by its own limit even when there is nothing to compare it with', () => {
    const compare = { to: 'old', difference_max: '1%' } as const
    expect(read({ compare }, { value: value(0.1), other: none }).verdict).toBe('bad')
    expect(read({ compare }, { value: value(0.001), other: none }).verdict).toBe('unknown')
  })

  it('never turns from bad to good when it gets worse', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(share, share, share, (a, b, base) => {
        const guard = {
          compare: { to: 'old', increase_max: '10%', difference_max: '2%' },
        } as Partial<PlannedGuard>
        const verdicts = [Math.min(a, b), Math.max(a, b)].map(
          (each) => read(guard, { value: value(each), other: value(base) }).verdict,
        )
        expect(verdicts).not.toEqual(['bad', 'good'])
      }),
    )
  })

  it('is good only where a number was read, within its limit, on enough samples', () => {
    const answers = fc.oneof(fc.double().map(value), fc.constant(none), fc.constant(failed))
    fc.assert(
      fc.property(answers, answers, answers, (main, other, samples) => {
        const compare = { to: 'old', difference_max: '1%' } as const
        const result = read({ compare, min_samples: 10, samples: 'count' }, { value: main, other, samples })
        if (result.verdict !== 'good') return
        expect(result.value).toBeLessThanOrEqual(threshold('0.5%'))
        expect(result.samples).toBeGreaterThanOrEqual(10)
        expect(other.kind).toBe('value')
      }),
    )
  })
})
