// Is a count the same however the time is cut, and however much of it was folded away?
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, newTimeline, total, turn } from '../../../activities/sim/timeline.ts'

const regimes = fc.array(fc.record({ after: fc.integer({ min: 1, max: 5_000 }), rate: fc.nat(100) }), {
  minLength: 1,
  maxLength: 40,
})

describe('counters as a function of time', () => {
  it('add up over any cut of any span', () => {
    fc.assert(
      fc.property(regimes, fc.array(fc.nat(100_000), { minLength: 3, maxLength: 3 }), (list, cuts) => {
        const timeline = newTimeline(0)
        let now = 0
        for (const { after, rate } of list) turn(timeline, (now += after), { hits: rate })
        const [from = 0, middle = 0, to = 0] = cuts.toSorted((a, b) => a - b)
        const whole = count(timeline, 'hits', { from, to })
        const parts =
          count(timeline, 'hits', { from, to: middle }) + count(timeline, 'hits', { from: middle, to })
        expect(parts).toBeCloseTo(whole, 6)
      }),
    )
  })

  it('count every millisecond at the rate that held in it', () => {
    const timeline = newTimeline(0)
    turn(timeline, 1_000, { hits: 2 })
    turn(timeline, 1_500, { hits: 0 })
    turn(timeline, 2_000, { hits: 1 })
    expect(count(timeline, 'hits', { from: 900, to: 1_200 })).toBe(400)
    expect(count(timeline, 'hits', { from: 1_400, to: 2_100 })).toBe(300)
    expect(count(timeline, 'hits', { from: 1_600, to: 1_900 })).toBe(0)
    expect(total(timeline, 'hits', 3_000)).toBe(2_000)
  })

  it('cost nothing while nothing changes', () => {
    const timeline = newTimeline(0)
    for (let at = 1; at <= 1_000; at++) turn(timeline, at, { hits: 1 })
    expect(timeline.regimes.length).toBeLessThanOrEqual(2)
    expect(total(timeline, 'hits', 1_000)).toBe(999)
  })

  it('keep their totals when the oldest changes are folded away', () => {
    const timeline = newTimeline(0)
    const changes = 12_000
    for (let index = 0; index < changes; index++) turn(timeline, index * 10, { hits: index % 2 })
    expect(timeline.regimes.length).toBeLessThan(changes)
    expect(total(timeline, 'hits', changes * 10)).toBe((changes * 10) / 2)
  })
})
