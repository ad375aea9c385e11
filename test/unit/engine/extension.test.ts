// The arithmetic of giving more time and of ending it: what is moved, by how much, and when it cannot be.
import { describe, expect, test } from 'vitest'
import { record, refusal } from '../../../workflows/run/decisions.ts'
import type { Decision, Gate, RunState } from '../../../workflows/run/state.ts'

const via = { at: 1, via: 'decision' } as const

function holding(more: Partial<RunState> = {}): RunState {
  return {
    digest: 'd',
    startedBy: 'mia',
    outcome: null,
    reason: null,
    pointOfNoReturn: null,
    gates: [],
    decisions: [],
    forgotten: 0,
    adjustments: 0,
    holding: {
      key: 's01-canary/25%',
      step: 's01-canary',
      title: '',
      until: 1_000,
      limit: 5_000,
      waitsFor: '',
    },
    deadlines: { 's01-canary/25%': 1_000, other: 1_000 },
    waits: {
      's01-canary/25%': { limit: 5_000 },
      other: { limit: 5_000 },
      's01-canary/25%-on': { limit: null },
    },
    proofs: {
      's01-canary/25%/proof edge split': { until: 5_000 },
      'other/proof edge split': { until: 5_000 },
    },
    ...more,
  } as unknown as RunState
}

const said = (value?: string, more: Partial<Decision> = {}): Decision => ({
  decisionId: `${value}`,
  gate: null,
  verdict: 'extend',
  actor: 'ana',
  reason: '',
  digest: null,
  ...(value === undefined ? {} : { value }),
  ...more,
})

const gate = (more: Partial<Gate>): Gate =>
  ({
    id: 'g',
    people: 'anyone',
    answer: null,
    expires: 9_000,
    allows: ['approve'],
    approvals: [],
    ...more,
  }) as Gate

describe('extend', () => {
  test('moves the end, the limit and the proofs of the hold in progress, and nothing else', () => {
    const state = holding()
    expect(record(state, said('1m'), via)).toMatchObject({ accepted: true, value: '1m' })
    expect(state.holding).toMatchObject({ until: 61_000, limit: 65_000 })
    expect(state.deadlines).toEqual({ 's01-canary/25%': 61_000, other: 1_000 })
    expect(Object.values(state.waits).map(({ limit }) => limit)).toEqual([65_000, 5_000, null])
    expect(Object.values(state.proofs).map(({ until }) => until)).toEqual([65_000, 5_000])
    expect(state.adjustments).toBe(1)
  })

  test('said twice with one id counts once', () => {
    const state = holding()
    record(state, said('1m'), via)
    expect(record(state, said('1m'), via)).toBeNull()
    expect(state.holding?.until).toBe(61_000)
  })

  test('of a question moves its expiry, and opens nothing', () => {
    const state = holding({ gates: [gate({})] })
    expect(record(state, said('1m', { gate: 'g' }), via)).toMatchObject({ accepted: true })
    expect(state.gates).toMatchObject([{ expires: 69_000, answer: null }])
    expect(state.holding?.until).toBe(1_000)
  })

  test.each([
    ['no time', said(), holding(), /needs the time/],
    ['no time that can be read', said('soon'), holding(), /not "soon"/],
    ['a share', said('5%'), holding(), /not "5%"/],
    ['nothing', said('0s'), holding(), /needs the time/],
    ['a year', said('365d'), holding(), /at most 30d/],
    ['between holds', said('1m'), holding({ holding: null }), /nothing is held/],
    [
      'on the way back',
      said('1m'),
      holding({ reason: { kind: 'expired', gate: 'g', at: 0 } }),
      /going back already/,
    ],
    [
      'of a gate that is not open',
      said('1m', { gate: 'h' }),
      holding({ gates: [gate({})] }),
      /h is not open/,
    ],
    [
      'of a gate that does not expire',
      said('1m', { gate: 'g' }),
      holding({ gates: [gate({ expires: null })] }),
      /does not expire/,
    ],
    [
      'by somebody who is not asked',
      said('1m', { gate: 'g', actor: 'eve' }),
      holding({ gates: [gate({ people: ['ana'] })] }),
      /eve is not on the list/,
    ],
  ])('is refused with its reason: %s', (...[, decision, state, why]) => {
    expect(refusal(state, decision)).toMatch(why)
    const before = structuredClone({ ...state, decisions: [] })
    record(state, decision, via)
    expect({ ...state, decisions: [] }).toEqual(before)
  })
})

function promoted(): RunState {
  const state = holding()
  return { ...state, holding: { ...state.holding, until: null, waitsFor: 'good checks' } } as RunState
}

describe('promote', () => {
  const ended = (more: Partial<Decision> = {}) => said(undefined, { verdict: 'promote', ...more })

  test('ends the time of the hold in progress; its limit and its proofs stay', () => {
    const state = holding()
    expect(record(state, ended(), via)).toMatchObject({ accepted: true })
    expect(state.holding).toMatchObject({ until: null, limit: 5_000 })
    expect(state.deadlines).toEqual({ 's01-canary/25%': 0, other: 1_000 })
    expect(Object.values(state.proofs).map(({ until }) => until)).toEqual([5_000, 5_000])
    expect(state.adjustments).toBe(1)
  })

  test.each([
    ['between holds', ended(), holding({ holding: null }), /nothing is held/],
    ['twice', ended(), promoted(), /waits for no time any more, but for good checks/],
    ['at a gate', ended({ gate: 'g' }), holding({ gates: [gate({})] }), /leave the gate out/],
    [
      'on the way back',
      ended(),
      holding({ reason: { kind: 'expired', gate: 'g', at: 0 } }),
      /going back already/,
    ],
  ])('is refused %s', (...[, decision, state, why]) => {
    expect(refusal(state, decision)).toMatch(why)
  })
})
