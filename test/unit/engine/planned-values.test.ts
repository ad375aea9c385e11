// By what a plan writes, a run whose history was lost knows its own writes again.
import { expect, test } from 'vitest'
import { withFound } from '../../../client/runbook/resolve.ts'
import { foundAtStart } from '../../../workflows/found.ts'
import { isPlanned, plannedValues } from '../../../workflows/run/planned-values.ts'
import { everything } from '../../workflow/runbooks.ts'
import { planOf } from '../runbook/fixture.ts'

const RECORD = 'api.example.com. A'
const START = [
  { connection: 'edge', target: 'split', value: { old: 100, new: 0 } },
  { connection: 'edge', target: 'mirror', value: { percent: 0 } },
  { connection: 'fleet', target: 'old', value: { count: 3 } },
  { connection: 'fleet', target: 'new', value: { count: 1 } },
  { connection: 'zone', target: RECORD, value: { ttl: 300, values: ['192.0.2.10'] } },
]
const split = { connection: 'edge', target: 'split' }
const record = { connection: 'zone', target: RECORD }

async function plan() {
  return withFound(await planOf(everything({ service: 's', world: 'w' })), START)
}

test('every weight of the runbook is one that the plan writes, in its order', async () => {
  expect(plannedValues(await plan(), split)).toEqual([
    { old: 90, new: 10 },
    { old: 50, new: 50 },
    { old: 0, new: 100 },
  ])
})

test('what a step computes from what is there is reckoned from what was found', async () => {
  const of = await plan()
  expect(plannedValues(of, { connection: 'fleet', target: 'new' })).toEqual([{ count: 3 }])
  expect(plannedValues(of, record), 'and the old TTL with the new address, as at the end').toEqual([
    { ttl: 1, values: ['192.0.2.10'] },
    { ttl: 1, values: ['192.0.2.20'] },
    { ttl: 300, values: ['192.0.2.10'] },
    { ttl: 300, values: ['192.0.2.20'] },
  ])
})

test('its own write is known again, what was there before and what a stranger wrote are not taken for one', async () => {
  const of = await plan()
  expect(isPlanned(of, split, { old: 50, new: 50 })).toBe(true)
  expect(isPlanned(of, split, { old: 100, new: 0 })).toBe(false)
  expect(isPlanned(of, split, { old: 70, new: 30 })).toBe(false)
  expect(isPlanned(of, record, { ttl: 1, values: ['192.0.2.77'] })).toBe(false)
  expect(foundAtStart(of, split)).toEqual({ old: 100, new: 0 })
})

test('a plan that was made offline knows nothing of what was there', async () => {
  const of = withFound(await plan(), [])
  expect(foundAtStart(of, split)).toBeUndefined()
  expect(isPlanned(of, split, { old: 50, new: 50 })).toBe(false)
})
