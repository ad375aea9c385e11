// The arithmetic of decisions: a decision opens the gate it names and no other, and a quorum counts people.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { distinct, listed } from '../../../workflows/people.ts'
import { record, refusal } from '../../../workflows/run/decisions.ts'
import type { Decision, Gate, RunState, Verb } from '../../../workflows/run/state.ts'

const people = ['ana', 'raj', 'kim', 'eve', 'starter']
const spelled = [...people, 'Ana', 'RAJ ', 'k\u200bim', 'Starter', ' starter ']
const gateIds = ['s01-approve', 's02-approve', 'restore/edge/split/1']
const verbs: Verb[] = ['approve', 'abort', 'retry', 'skip', 'extend']
const DIGEST = 'd'.repeat(64)

const gate = fc.record<Gate>({
  id: fc.constantFrom(...gateIds),
  kind: fc.constant('approval'),
  step: fc.constant('s01-approve'),
  title: fc.constant(''),
  waitsFor: fc.constant('people'),
  openedAt: fc.constant(0),
  until: fc.constant(null),
  expires: fc.constant(null),
  onExpiry: fc.constant(null),
  people: fc.oneof(fc.constant('anyone' as const), fc.subarray(people, { minLength: 1 })),
  quorum: fc.integer({ min: 1, max: 3 }),
  selfApproval: fc.boolean(),
  approvals: fc.constant([]).map(() => []),
  allows: fc.subarray(verbs, { minLength: 1 }),
  answer: fc.constant(null),
})
const gates = fc.uniqueArray(gate, { selector: (each) => each.id, maxLength: 3 })
const decision = fc.record<Decision>({
  decisionId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
  gate: fc.constantFrom(null, 'nonsense', ...gateIds),
  verdict: fc.constantFrom(...verbs),
  actor: fc.constantFrom(...spelled),
  reason: fc.constant(''),
  digest: fc.constantFrom(null, null, DIGEST, 'other'),
})
const via = { at: 1, via: 'decision' } as const

function stateWith(open: Gate[], end: RunState['pointOfNoReturn'] = null): RunState {
  return {
    digest: DIGEST,
    startedBy: 'starter',
    phase: 'waiting',
    outcome: null,
    gates: structuredClone(open),
    decisions: [],
    forgotten: 0,
    reason: null,
    pointOfNoReturn: end,
  } as unknown as RunState
}

describe('decisions', () => {
  test('no decision touches a gate that it does not name', () => {
    fc.assert(
      fc.property(gates, fc.array(decision, { maxLength: 15 }), (open, said) => {
        const state = stateWith(open)
        for (const each of said) {
          const others = structuredClone(state.gates.filter(({ id }) => id !== each.gate))
          record(state, each, via)
          expect(state.gates.filter(({ id }) => id !== each.gate)).toEqual(others)
        }
      }),
    )
  })

  test('a gate is approved by as many different people of its list as its quorum says, its starter only if allowed', () => {
    fc.assert(
      fc.property(gates, fc.array(decision, { maxLength: 25 }), (open, said) => {
        const state = stateWith(open)
        for (const each of said) record(state, each, via)
        for (const each of state.gates) {
          expect(distinct(each.approvals)).toBe(each.approvals.length)
          if (each.people !== 'anyone') for (const name of each.approvals) expect(each.people).toContain(name)
          if (!each.selfApproval) expect(listed(each.approvals, 'starter')).toBeUndefined()
          if (each.answer === 'approve') expect(each.approvals.length).toBe(each.quorum)
          if (each.answer !== null) expect(each.allows).toContain(each.answer)
        }
      }),
    )
  })

  test('the same decision twice is one, and a refused one changes nothing but the record', () => {
    fc.assert(
      fc.property(gates, fc.array(decision, { maxLength: 10 }), decision, (open, said, last) => {
        const state = stateWith(open)
        for (const each of said) record(state, each, via)
        const before = structuredClone(state)
        const why = refusal(state, last)
        expect(state).toEqual(before)
        record(state, last, via)
        if (why !== null) expect(state.gates).toEqual(before.gates)
        const once = structuredClone(state)
        record(state, last, via)
        expect(state.gates).toEqual(once.gates)
      }),
    )
  })

  test('abort is always taken, until the point of no return, and then never', () => {
    fc.assert(
      fc.property(gates, decision, fc.boolean(), (open, said, isOver) => {
        const state = stateWith(open, isOver ? { step: 's03', why: 'capacity is gone', at: 0 } : null)
        const why = refusal(state, { ...said, verdict: 'abort', digest: null })
        if (isOver) expect(why).toContain('capacity is gone')
        else expect(why).toBeNull()
      }),
    )
  })

  test('nothing is taken after the end, or about another plan', () => {
    fc.assert(
      fc.property(gates, decision, (open, said) => {
        const ended = { ...stateWith(open), phase: 'ended', outcome: 'completed' } as RunState
        expect(refusal(ended, said)).toContain('has ended')
        expect(refusal(stateWith(open), { ...said, digest: 'other' })).toContain('plan')
      }),
    )
  })

  test('a flood of refusals leaves a bounded record, and never pushes out what was decided', () => {
    const open = fc.sample(gate, { seed: 1, numRuns: 1 })[0] as Gate
    const asked = { ...open, people: 'anyone', quorum: 2, selfApproval: true, allows: ['approve'] } as Gate
    const state = stateWith([asked])
    const say = (actor: string, id: string, to: string | null) =>
      record(
        state,
        { decisionId: id, gate: to, verdict: 'approve', actor, reason: 'x'.repeat(1_000), digest: null },
        via,
      )
    for (let number = 0; number < 2_000; number++) say('bot', `before-${number}`, null)
    expect(say('ana', 'first', asked.id)).toMatchObject({ accepted: true })
    for (let number = 0; number < 2_000; number++) say('bot', `after-${number}`, null)
    expect(say('Ana', 'again', asked.id)).toMatchObject({ accepted: false })
    expect(say('raj', 'second', asked.id)).toMatchObject({ accepted: true })
    expect(state.decisions.filter(({ accepted }) => accepted).map(({ actor }) => actor)).toEqual([
      'ana',
      'raj',
    ])
    expect(state.decisions.length + state.forgotten).toBe(4_003)
    expect(JSON.stringify(state).length).toBeLessThan(100_000)
    expect(say('ana', 'first', asked.id)).toBeNull()
  })

  test('aborts of a run that goes back are taken, change nothing and do not pile up', () => {
    const state = stateWith([])
    state.reason = { kind: 'expired', gate: 'g', at: 0 }
    for (let number = 0; number < 1_000; number++) {
      const said = {
        decisionId: `a-${number}`,
        gate: null,
        verdict: 'abort',
        actor: 'bot',
        reason: '',
      } as const
      expect(record(state, { ...said, digest: null }, via)).toMatchObject({
        accepted: true,
        why: expect.stringContaining('already'),
      })
    }
    expect(state.decisions.length).toBeLessThanOrEqual(50)
  })
})
