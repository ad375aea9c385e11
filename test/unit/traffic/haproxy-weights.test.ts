// Weights of servers from the split of sides and back: the same share, exactly restorable, never lowered first.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WEIGHT_MAX } from '../../../activities/traffic/haproxy/servers.ts'
import { newShare, raisingFirst, splitOf, weightsFor } from '../../../activities/traffic/haproxy/weights.ts'

const names = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const sides = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .map(([countOld, countNew]) => ({ old: names('a', countOld), new: names('b', countNew) }))
const percent = fc.integer({ min: 0, max: 100 })

describe('weights of an HAProxy backend', () => {
  it('give the sides the asked share, whatever their sizes, and read back as what was asked', () => {
    fc.assert(
      fc.property(sides, percent, (given, share) => {
        const weights = weightsFor({ old: 100 - share, new: share }, given)
        if (weights === null) {
          expect(Math.min(share, 100 - share)).toBeLessThan(10) // the sides' servers would be more than 1:256 apart
          return
        }
        expect(Math.abs(newShare(weights, given) - share)).toBeLessThanOrEqual(0.5)
        expect(splitOf(weights, given)).toMatchObject({ old: 100 - share, new: share })
      }),
    )
  })

  it('come back exactly from a recorded split, also when the servers of a side differ', () => {
    const backend = sides.chain((given) => {
      const weight = fc.integer({ min: 0, max: WEIGHT_MAX })
      const all = [...given.old, ...given.new]
      return fc.record({
        given: fc.constant(given),
        weights: fc.record(Object.fromEntries(all.map((n) => [n, weight]))),
      })
    })
    fc.assert(
      fc.property(backend, ({ given, weights }) => {
        expect(weightsFor(splitOf(weights, given), given)).toEqual(weights)
      }),
    )
  })

  it('are raised before any is lowered', () => {
    expect(raisingFirst({ v1: 100, v2: 0, v3: 5 }, { v1: 0, v2: 100, v3: 5 })).toEqual([
      ['v2', 100],
      ['v1', 0],
    ])
  })

  it('are refused when no whole weight can express the share', () => {
    expect(weightsFor({ old: 99.5, new: 0.5 }, { old: ['a'], new: ['b'] })).toBe(null)
    expect(weightsFor({ old: 300, new: 0 }, { old: ['a'], new: ['b'] })).toBe(null)
    expect(weightsFor({ old: 1, new: 99 }, { old: names('a', 12), new: ['b'] })).toBe(null)
  })
})
