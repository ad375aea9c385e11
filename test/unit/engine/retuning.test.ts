// Another limit for a guard: what may be said, and what of the checks so far still counts under it.
import { describe, expect, it, test } from 'vitest'
import type { LookMemory } from '../../../workflows/activities.ts'
import { record, refusal } from '../../../workflows/run/decisions.ts'
import { recounted, retuningOf } from '../../../workflows/run/retuning.ts'
import type { Decision, Limits, RunState } from '../../../workflows/run/state.ts'

const via = { at: 1, via: 'decision' } as const

const LIMITS: Limits = {
  errors: { max: '0.5%' },
  p95: { max: '800ms' },
  orders: { max: 900, min: 10 },
  likeness: {},
}

function watching(more: Partial<RunState> = {}): RunState {
  const empty = { gates: [], decisions: [], forgotten: 0, adjustments: 0, limits: LIMITS }
  return {
    digest: 'd',
    startedBy: 'mia',
    outcome: null,
    reason: null,
    ...empty,
    ...more,
  } as unknown as RunState
}

const said = (value?: string): Decision => ({
  decisionId: `${value}`,
  gate: null,
  verdict: 'retune',
  actor: 'ana',
  reason: '',
  digest: null,
  ...(value === undefined ? {} : { value }),
})

describe('retune', () => {
  test.each([
    ['errors max 1%', { errors: { max: '1%' } }],
    ['errors max 0.01', { errors: { max: 0.01 } }],
    ['p95 max 1s', { p95: { max: '1s' } }],
    ['orders min 5', { orders: { max: 900, min: 5 } }],
  ])('%s changes that limit and no other', (value, changed) => {
    const state = watching()
    expect(record(state, said(value), via)).toMatchObject({ accepted: true, value })
    expect(state.limits).toEqual({ ...LIMITS, ...changed })
    expect(state.adjustments).toBe(1)
  })

  test.each([
    [undefined, /needs a guard, max or min, and a limit/],
    ['errors', /needs a guard/],
    ['errors max', /needs a guard/],
    ['errors max soon', /needs a guard/],
    ['errors max 1% now', /needs a guard/],
    ['errors limit 1%', /needs a guard/],
    ['error max 1%', /no guard error; its guards: errors, p95, orders, likeness/],
    ['toString max 1', /no guard toString/],
    ['errors min 1%', /errors has no min to change; it has max 0\.5%/],
    ['likeness max 1%', /it has a comparison alone/],
    ['p95 max 1', /p95 counts in time: its max is 800ms, and cannot become 1/],
    ['errors max 1s', /errors counts in numbers or shares/],
  ])('%s is refused with its reason', (value, why) => {
    const state = watching()
    expect(refusal(state, said(value))).toMatch(why)
    record(state, said(value), via)
    expect(state).toMatchObject({ limits: LIMITS, adjustments: 0 })
  })

  it('is refused on the way back, where no guard is watched', () => {
    const reason = { kind: 'expired', gate: 'g', at: 0 } as const
    expect(refusal(watching({ reason }), said('errors max 1%'))).toMatch(/going back already/)
  })

  it('reads what the command line sends', () => {
    expect(retuningOf('orders max -3.5')).toEqual({ guard: 'orders', bound: 'max', limit: -3.5 })
  })
})

describe('what was counted', () => {
  const row = { badInRow: 2, goodInRow: 3, goodSince: 5, lookedAt: 9, last: {}, earlier: [] }
  const memory = { subjects: { errors: row, orders: row } } as unknown as LookMemory
  const after = (errors: Limits[string]) =>
    recounted(memory, { from: LIMITS, to: { ...LIMITS, errors } })
      .subjects as unknown as typeof memory.subjects

  it('under a laxer limit: bad checks count no more, good ones do', () => {
    expect(after({ max: '1%' })).toEqual({ errors: { ...row, badInRow: 0 }, orders: row })
  })

  it('under a stricter limit: good checks count no more, bad ones do', () => {
    expect(after({ max: 0.001 })).toEqual({ errors: { ...row, goodInRow: 0, goodSince: null }, orders: row })
  })

  it('under the same limit, said another way: everything', () => {
    expect(after({ max: 0.005 })).toEqual({ errors: row, orders: row })
  })

  it('of a lower bound the other way round', () => {
    const to = { ...LIMITS, orders: { max: 900, min: 5 } }
    expect(recounted(memory, { from: LIMITS, to }).subjects).toEqual({
      errors: row,
      orders: { ...row, badInRow: 0 },
    })
  })
})
