// What was found is part of a plan: another world is another plan, and it is said what of it is another.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changedSince, changedText } from '../../../client/runbook/changed.ts'
import { digestOf, foundIn, withFound } from '../../../client/runbook/resolve.ts'
import type { Found, Plan } from '../../../workflows/plan.ts'
import { RIGHT, planOf, wrong } from './fixture.ts'

const SPLIT = { connection: 'edge', target: 'split', value: { old: 100, new: 0 } }
const COUNT = { connection: 'fleet', target: 'old', value: { count: 3 } }
const RECORD = {
  connection: 'zone',
  target: 'api.example.com. A',
  value: { ttl: 3600, values: ['192.0.2.9'] },
}
const FOUND: Found[] = [SPLIT, COUNT, RECORD]

const over = async (found: Found[], text = RIGHT): Promise<Plan> => withFound(await planOf(text), found)

async function told(found: Found[], text = RIGHT): Promise<string[]> {
  return changedSince(await over(FOUND), await over(found, text)).map(changedText)
}

describe('a plan over a world', () => {
  test('has a digest of its own, whatever the order in which the world was looked at', async () => {
    const plan = await over(FOUND)
    expect(plan.digest).not.toBe((await planOf(RIGHT)).digest)
    expect(digestOf(plan)).toBe(plan.digest)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(FOUND, { minLength: FOUND.length }), async (shuffled) => {
        expect((await over(shuffled)).digest).toBe(plan.digest)
      }),
    )
  })

  test('is another plan when anything that stays was changed, and names it from what to what', async () => {
    expect(await told([{ ...SPLIT, value: { old: 80, new: 20 } }, COUNT, RECORD])).toEqual([
      'edge split: old 100 new 0 -> old 80 new 20',
    ])
    expect(await told([SPLIT, COUNT, { ...RECORD, value: { ttl: 60, values: ['192.0.2.9'] } }])).toEqual([
      'zone api.example.com. A: 192.0.2.9 (TTL 3600s) -> 192.0.2.9 (TTL 60s)',
    ])
    expect(await told([SPLIT, COUNT])).toEqual([
      'zone api.example.com. A: 192.0.2.9 (TTL 3600s) -> not looked at',
    ])
  })

  test('is the same plan while instances come and go, and another when the last is gone or the first is there', async () => {
    const counting = (count: number): Found[] => [SPLIT, { ...COUNT, value: { count } }, RECORD]
    const { digest } = await over(FOUND)
    expect((await over(counting(12))).digest).toBe(digest)
    expect((await over(counting(12))).found).toContainEqual({ ...COUNT, value: { count: 12 } }) // kept as it was found
    expect(await told(counting(12))).toEqual([])
    expect((await over(counting(0))).digest).not.toBe(digest)
    expect(await told(counting(0))).toEqual(['fleet old: 3 instances -> 0 instances'])
  })

  test('names the part of the runbook that was changed', async () => {
    expect(await told(FOUND, wrong('[5%, 50%]', '[5%, 51%]'))).toEqual(['step 4 (canary) was changed'])
    expect(await told(FOUND, wrong('max: 0.5%', 'max: 0.6%'))).toEqual(['guard errors was changed'])
    expect(await told(FOUND, wrong('notify: [ops]', 'notify: []'))).toEqual(['notify was changed'])
  })

  test('holds what could be looked at, and nothing for what could not', () => {
    const looks = [
      { connection: 'edge', target: 'split', observed: { value: SPLIT.value, version: '7' }, problem: null },
      { connection: 'fleet', target: 'old', observed: null, problem: 'Unavailable: no answer' },
    ]
    expect(foundIn(looks)).toEqual([SPLIT])
  })
})
