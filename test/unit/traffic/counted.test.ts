// The judgement of counted requests that every balancer shares: a share is proven by requests that came.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Count, type Server, confirmShare } from '../../../activities/traffic/counted.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'

type Sides = { old: number[]; new: number[] }

/** A second look, after these requests came. */
function after(
  counted: Sides,
  share: number,
  more: { options?: JsonObject; servers?: Count['servers'] } = {},
) {
  const desired = { old: 100 - share, new: share } as Json
  const options = more.options ?? { samples: 60, tolerance: 10 }
  const look = (counters: Sides, memory?: JsonObject) =>
    confirmShare({
      request: { target: 'split', desired, options, ...(memory === undefined ? {} : { memory }) },
      counters,
      newSharePercent: share,
      ...(more.servers === undefined ? {} : { servers: more.servers }),
    })
  const zero = { old: counted.old.map(() => 7), new: counted.new.map(() => 7) }
  const first = look(zero)
  const now = { old: counted.old.map((count) => count + 7), new: counted.new.map((count) => count + 7) }
  return look(now, first.memory)
}

const serving = (...names: string[]): Server[] => names.map((name) => ({ name, serves: true }))

describe('a counted share', () => {
  it('is never proven by no request, whatever tolerance, samples and share', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 99.99, noNaN: true }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.record({
          tolerance: fc.integer({ min: 0, max: 100 }),
          samples: fc.integer({ min: 0, max: 1_000 }),
        }),
        (share, all, options) => {
          expect(after({ old: [all], new: [0] }, share, { options }).settled).toBe(false)
          expect(after({ old: [0], new: [all] }, share, { options }).settled).toBe(false)
        },
      ),
    )
  })

  it.each([
    [5, 15, false],
    [5, 8, false],
    [5, 3, true],
    [5, 7, true],
    [50, 59, true],
    [50, 61, false],
    [95, 99, false],
    [95, 97, true],
  ])('of %i %% is judged on %i of 100 requests: %s', (share, came, settled) => {
    expect(after({ old: [100 - came], new: [came] }, share).settled).toBe(settled)
  })

  it('is not yet proven while so few came that none would be no surprise', () => {
    const few = after({ old: [99], new: [1] }, 1, { options: { samples: 10, tolerance: 10 } })
    expect(few).toMatchObject({ settled: false })
    expect(few.lines).toContain('100 of 300 requests needed')
    expect(after({ old: [297], new: [3] }, 1, { options: { samples: 10, tolerance: 10 } }).settled).toBe(true)
  })

  it('of 0 % is proven by none at all; what still comes is told, and counting begins anew', () => {
    expect(after({ old: [0], new: [200] }, 100).settled).toBe(true)
    const stray = after({ old: [1], new: [199] }, 100)
    expect(stray).toMatchObject({ settled: false, memory: { old: [8], new: [206] } })
    expect(stray.lines[0]).toBe('old was given 1 of 200 requests although its share is 0 %')
    expect(after({ old: [199], new: [1] }, 0).lines[0]).toBe(
      'new was given 1 of 200 requests although its share is 0 %',
    )
  })

  it('is not proven while a server of the side got nothing, and names it', () => {
    const servers = { old: serving('a1'), new: serving('b1', 'b2') }
    const idle = after({ old: [50], new: [50, 0] }, 50, { servers })
    expect(idle.settled).toBe(false)
    expect(idle.lines).toContain('b2 has a weight and was given no request')
    expect(after({ old: [50], new: [49, 1] }, 50, { servers }).settled).toBe(true)
    const out = { old: serving('a1'), new: [...serving('b1'), { name: 'b2', serves: false }] }
    expect(after({ old: [50], new: [50, 0] }, 50, { servers: out }).settled).toBe(true)
  })
})
