// Servers of one side that differ in size keep their parts of it, within what whole weights can hold.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newShare, sizesOf, splitOf, weightsFor } from '../../../activities/traffic/haproxy/weights.ts'

const sides = { old: ['big', 'small'], new: ['v2'] }
const sizes = { big: 200, small: 50, v2: 0 }

describe('weights of servers that differ in size', () => {
  it('keep a fifth of the old side for the small one', () => {
    const known = sizesOf(sides, [sizes])
    expect(weightsFor({ old: 95, new: 5 }, sides, known)).toEqual({ big: 76, small: 19, v2: 5 })
    expect(weightsFor({ old: 50, new: 50 }, sides, known)).toEqual({ big: 40, small: 10, v2: 50 })
    expect(weightsFor({ old: 100, new: 0 }, sides, known)).toEqual(sizes)
    expect(weightsFor({ old: 0, new: 100 }, sides, known)).toMatchObject({ big: 0, small: 0 })
  })

  it('err in share and sizes by less than a person would notice, or are refused', () => {
    const size = fc.integer({ min: 1, max: 256 })
    const given = fc.record({ big: size, small: size, b1: size, b2: size })
    const uneven = { old: ['big', 'small'], new: ['b1', 'b2'] }
    fc.assert(
      fc.property(given, fc.integer({ min: 1, max: 99 }), (found, share) => {
        const weights = weightsFor({ old: 100 - share, new: share }, uneven, sizesOf(uneven, [found]))
        if (weights === null) return
        expect(splitOf(weights, uneven)).toMatchObject({ old: 100 - share, new: share })
        const error = Math.abs(newShare(weights, uneven) - share)
        expect(error).toBeLessThanOrEqual(Math.min(0.5, Math.min(share, 100 - share) / 10) + 1e-9)
        if (found.big === found.small && found.b1 === found.b2) return // equal sizes have their own, simpler way
        for (const [one, other] of [uneven.old, uneven.new] as [keyof typeof found, keyof typeof found][]) {
          const part = weights[one]! / (weights[one]! + weights[other]!)
          const wanted = found[one] / (found[one] + found[other])
          expect(Math.abs(part / wanted - 1)).toBeLessThanOrEqual(0.1 + 1e-9)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('never give a server that has no part of its side one', () => {
    const drained = { big: 100, small: 0, v2: 0 }
    expect(weightsFor({ old: 60, new: 40 }, sides, sizesOf(sides, [drained]))).toEqual({
      big: 60,
      small: 0,
      v2: 40,
    })
  })

  it('are sizes of the first who knows, side by side', () => {
    expect(sizesOf(sides, [sizes, { big: 1, small: 1, v2: 7 }])).toEqual({ big: 200, small: 50, v2: 7 })
    expect(sizesOf(sides, [sizes])).toEqual({ big: 200, small: 50 })
  })

  it('never read as 0 % while a little flows', () => {
    const single = { old: ['a'], new: ['b'] }
    expect(splitOf({ a: 256, b: 1 }, single)).toEqual({ old: 99.61, new: 0.39, members: { a: 256, b: 1 } })
    expect(splitOf({ a: 0, b: 0 }, single)).toEqual({ old: 0, new: 0, members: { a: 0, b: 0 } })
    expect(splitOf({ a: 61, b: 39 }, single)).toEqual({ old: 61, new: 39 })
  })
})
