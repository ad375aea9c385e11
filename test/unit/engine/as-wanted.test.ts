// When a target is as wanted: in every place, with an autoscaler's help, and what half a write looks like.
import { describe, expect, it } from 'vitest'
import {
  isAsWanted,
  isExactly,
  isMixOf,
  mayOverwrite,
  placeWords,
  told,
} from '../../../workflows/ports/as-wanted.ts'

const OLD = { old: 100, new: 0 }
const HALF = { old: 50, new: 50 }

describe('a target is as wanted', () => {
  it('only when every place in which it lives is', () => {
    const elsewhere = [{ place: 'route file', value: HALF }]
    expect(isExactly({ value: OLD }, OLD)).toBe(true)
    expect(isExactly({ value: OLD, elsewhere }, OLD)).toBe(false)
    expect(isAsWanted('traffic', { value: OLD, elsewhere }, OLD)).toBe(false)
  })

  it("never while a place cannot be told, which is nobody's doing either", () => {
    const elsewhere = [{ place: 'state file, which cannot be read', value: null, isUntold: true as const }]
    expect(isExactly({ value: OLD, elsewhere }, OLD)).toBe(false)
    expect(isAsWanted('traffic', { value: OLD, elsewhere }, OLD)).toBe(false)
    expect(told({ value: OLD, elsewhere })).toEqual({ value: OLD, elsewhere: [] })
    const both = [...elsewhere, { place: 'route file', value: HALF }]
    expect(told({ value: OLD, elsewhere: both }).elsewhere).toEqual([{ place: 'route file', value: HALF }])
    expect(both.map((each) => placeWords(each, JSON.stringify(each.value)))).toEqual([
      'state file, which cannot be read',
      'route file holds {"old":50,"new":50}',
    ])
  })

  it('with more instances than were ordered, but not with fewer, and never by chance when none are wanted', () => {
    expect(isAsWanted('capacity', { value: { count: 12 } }, { count: 8 })).toBe(true)
    expect(isAsWanted('capacity', { value: { count: 7 } }, { count: 8 })).toBe(false)
    const tooFew = [{ place: 'a file', value: { count: 1 } }]
    expect(isAsWanted('capacity', { value: { count: 12 }, elsewhere: tooFew }, { count: 8 })).toBe(false)
    expect(isAsWanted('capacity', { value: { count: 3 } }, { count: 0 })).toBe(false)
    expect(isExactly({ value: { count: 12 } }, { count: 8 }), 'going back is exact').toBe(false)
    expect(isAsWanted('traffic', { value: { old: 60, new: 60 } }, HALF)).toBe(false)
  })
})

describe('a number of instances', () => {
  it('is written over unless a person has set it', () => {
    const value = { count: 12 }
    expect(mayOverwrite('capacity', { value })).toBe(true)
    expect(mayOverwrite('capacity', { value, writer: 'hpa', writtenBy: 'machine' })).toBe(true)
    expect(mayOverwrite('capacity', { value, writer: 'ana', writtenBy: 'person' })).toBe(false)
    expect(mayOverwrite('capacity', { value, writer: 'somebody' }), 'a name may be a person').toBe(false)
    expect(mayOverwrite('traffic', { value: HALF })).toBe(false)
  })
})

describe('half a write', () => {
  it('has each part from before or from what was ordered', () => {
    expect(isMixOf({ old: 100, new: 50 }, [OLD, HALF])).toBe(true)
    expect(isMixOf({ old: 50, new: 0 }, [OLD, HALF])).toBe(true)
    expect(isMixOf({ old: 70, new: 30 }, [OLD, HALF]), 'that is somebody else').toBe(false)
    expect(isMixOf({ ttl: 60, values: ['192.0.2.1'] }, [{ ttl: 60, values: ['192.0.2.2'] }, { ttl: 5, values: ['192.0.2.1'] }])).toBe(true) // prettier-ignore
    expect(isMixOf({ old: 100, new: 50 }, []), 'of nothing, nothing is half').toBe(false)
    expect(isMixOf({ count: 2 }, [{ count: 1 }, { count: 3 }])).toBe(false)
  })
})
