// The way back is computed from the journal alone: whatever a run did, and wherever it was cut off, unwinding gives the
// world it began with.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import {
  firstBefore,
  isUncertain,
  lastKnown,
  onItsWayUntil,
  ours,
  restorationsOf,
  touched,
} from '../../../workflows/run/journal.ts'
import type { Change } from '../../../workflows/run/state.ts'

type Model = { [target: string]: Json }
type Fate = (typeof fates)[number]
type Wish = { target: string; desired: number; fate: Fate }

const targets = ['edge split', 'edge mirror', 'zone a', 'fleet new']
const fates = [
  'verified',
  'verified at the second try',
  'adopted', // written by someone else, and a person let it stand
  'unverified',
  'lost reply',
  'never landed',
] as const
const value = fc.integer({ min: 0, max: 4 })
const world = fc.record(Object.fromEntries(targets.map((target) => [target, value])))
const wish: fc.Arbitrary<Wish> = fc.record({
  target: fc.constantFrom(...targets),
  desired: value,
  fate: fc.constantFrom(...fates),
})

const STATUS: Record<Fate, Change['status']> = {
  verified: 'applied',
  'verified at the second try': 'applied',
  adopted: 'adopted',
  unverified: 'applied',
  'lost reply': 'unknown',
  'never landed': 'unknown',
}

/** A run as the engine makes it: look (or remember), journal, write. A write without an answer is the last one. */
function carriedOut(start: Model, wishes: Wish[]): { changes: Change[]; world: Model } {
  const now = { ...start }
  const changes: Change[] = []
  for (const { target, desired, fate } of wishes) {
    const [connection = '', name = ''] = target.split(' ')
    const before = lastKnown(changes, { connection, target: name }) ?? (now[target] as Json)
    const isNoop = sameJson(before, desired)
    const status = isNoop ? 'noop' : STATUS[fate]
    const isVerified = isNoop || fate === 'adopted' || fate.startsWith('verified')
    const isRetried = !isNoop && fate === 'verified at the second try'
    changes.push({
      number: changes.length + 1,
      step: 's',
      connection,
      target: name,
      before,
      desired,
      status,
      verified: isVerified,
      at: 0,
      retried: isRetried,
      appliedAt: status === 'applied' ? changes.length : null,
    })
    if (!isNoop && fate !== 'never landed') now[target] = desired
    if (!isVerified) break
  }
  return { changes, world: now }
}

function unwound(changes: Change[], from: Model): Model {
  const now = { ...from }
  for (const { connection, target, before } of restorationsOf({ changes }, touched(changes)))
    now[`${connection} ${target}`] = before
  return now
}

const runs = fc.tuple(world, fc.array(wish, { maxLength: 12 }))

describe('journal', () => {
  test('unwind(apply(x)) = x', () => {
    fc.assert(
      fc.property(runs, ([start, wishes]) => {
        const { changes, world: after } = carriedOut(start, wishes)
        expect(unwound(changes, after)).toEqual(start)
      }),
    )
  })

  test('unwinding again, or stopping in the middle and unwinding then, changes nothing of that', () => {
    fc.assert(
      fc.property(runs, fc.nat(4), ([start, wishes], cut) => {
        const { changes, world: after } = carriedOut(start, wishes)
        const half = { ...after }
        for (const { connection, target, before } of restorationsOf({ changes }, touched(changes)).slice(
          0,
          cut,
        ))
          half[`${connection} ${target}`] = before
        expect(unwound(changes, unwound(changes, half))).toEqual(start)
      }),
    )
  })

  test('whatever the run can have left somewhere counts as its own, so that it is never taken for foreign', () => {
    fc.assert(
      fc.property(runs, ([start, wishes]) => {
        const { changes, world: after } = carriedOut(start, wishes)
        for (const { connection, target } of touched(changes)) {
          const left = after[`${connection} ${target}`] as Json
          expect(ours(changes, { connection, target }).some((one) => sameJson(one, left))).toBe(true)
        }
      }),
    )
  })

  test('targets come back newest first, each once, also those that already were as wanted', () => {
    fc.assert(
      fc.property(runs, ([start, wishes]) => {
        const { changes } = carriedOut(start, wishes)
        const order = touched(changes).map(({ connection, target }) =>
          changes.findLastIndex((each) => each.connection === connection && each.target === target),
        )
        expect(order).toEqual(order.toSorted((a, b) => b - a))
        expect(new Set(order).size).toBe(order.length)
        expect(order).not.toContain(-1)
        expect(order.length).toBe(new Set(changes.map((each) => `${each.connection} ${each.target}`)).size)
      }),
    )
  })

  test('the value to restore is the first ever seen, and a write that was not seen or was repeated stays uncertain', () => {
    fc.assert(
      fc.property(runs, ([start, wishes]) => {
        const { changes } = carriedOut(start, wishes)
        for (const of of changes)
          expect(firstBefore(changes, of)).toEqual(start[`${of.connection} ${of.target}`])
        for (const of of touched(changes)) {
          const its = changes.filter((each) => each.target === of.target && each.connection === of.connection)
          const isUnknown = its.some(
            ({ status, verified }) => status === 'unknown' || (status === 'applied' && !verified),
          )
          const retried = its.findLast((each) => each.retried)
          expect(isUncertain(changes, of)).toBe(isUnknown || retried !== undefined)
          if (isUnknown) expect(onItsWayUntil(changes, of, 1_000)).toBe(1_000)
          else if (retried) expect(onItsWayUntil(changes, of, 1_000)).toBe(retried.appliedAt)
        }
      }),
    )
  })

  test('an unverified write is not knowledge: the next look of a retried step starts from what was verified', () => {
    fc.assert(
      fc.property(runs, ([start, wishes]) => {
        const { changes } = carriedOut(start, wishes)
        for (const of of changes) {
          const verified = changes.filter(
            (each) => each.verified && each.connection === of.connection && each.target === of.target,
          )
          const wanted = verified.at(-1)?.desired ?? start[`${of.connection} ${of.target}`]
          expect(lastKnown(changes, of)).toEqual(wanted)
        }
      }),
    )
  })
})
