// Versions are read: what is newer than this code is refused in words, whatever its form.
import { describe, expect, it } from 'vitest'
import type { Plan } from '../../../workflows/plan.ts'
import { firstState } from '../../../workflows/run/first-state.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { migrated, presentState, readablePlan, refusalOfPlan } from '../../../workflows/run/versions.ts'
import { example, planOf } from '../runbook/fixture.ts'

const plan = await planOf(example('orders'))
const other = (over: Record<string, unknown>): Plan => ({ ...plan, ...over }) as unknown as Plan

describe('a plan', () => {
  it('of this version, with steps that are known, is carried out as it is', () => {
    expect(refusalOfPlan(plan)).toBeNull()
    expect(readablePlan(plan)).toBe(plan)
  })

  it.each([2, 1.5, 0, '1', null, undefined])(
    'of version %j is refused, and no part of it is trusted',
    (planVersion) => {
      const newer = other({ planVersion, steps: 'in another form', connections: null, targets: 7 })
      const readable = readablePlan(newer)
      expect(refusalOfPlan(readable)).toMatchObject({
        kind: 'Unsupported',
        message: expect.stringMatching(
          /^the plan has version .*, this worker knows versions up to 1; run workers of/,
        ),
      })
      expect(firstState(readable, { startedBy: 'ana', startedAt: 0 })).toMatchObject({
        service: 'orders',
        steps: [],
      })
    },
  )

  it.each(['backfill', 'toString', '__proto__'])(
    'with a step of kind %s is refused before it is begun',
    (kind) => {
      const steps = plan.steps.map((step, index) => (index === 1 ? { ...step, kind } : step))
      expect(refusalOfPlan(other({ steps }))?.message).toContain(
        `does not know the kind of ${plan.steps[1]?.id}`,
      )
    },
  )
})

describe('a state that a run brings from before its renewal', () => {
  const state = firstState(plan, { startedBy: 'ana', startedAt: 0 })

  it('of this version goes on', () => {
    expect(presentState(state, plan)).toBe(state)
  })

  it('of a newer version is left to a newer worker', () => {
    const newer = { ...state, stateVersion: 2 } as unknown as RunState
    expect(() => presentState(newer, plan)).toThrow(
      /the state has version 2, this worker knows versions up to 1/,
    )
    expect(() => presentState(state, other({ planVersion: 2 }))).toThrow(/the plan has version 2/)
  })

  it('of an older version is brought to the present form, step by step', () => {
    const older = { stateVersion: 1, weight: 25, decisions: ['ana'] }
    const migrations = {
      1: ({ weight, ...rest }: { weight?: unknown; stateVersion: number }) => ({
        ...rest,
        weights: { edge: weight },
      }),
      2: (before: { stateVersion: number }) => ({ ...before, edges: 1 }),
    }
    expect(migrated(older, { newest: 3, migrations })).toEqual({
      stateVersion: 3,
      weights: { edge: 25 },
      decisions: ['ana'],
      edges: 1,
    })
    const newer = { ...older, stateVersion: 2 }
    expect(migrated(newer, { newest: 3, migrations })).toEqual({ ...newer, stateVersion: 3, edges: 1 })
    expect(older).toEqual({ stateVersion: 1, weight: 25, decisions: ['ana'] })
    expect(() => migrated(older, { newest: 3, migrations: { 2: migrations[2] } })).toThrow(
      'nothing brings a state of version 1 to version 3',
    )
  })

  it('of every version before this one has a step that leads on', () => {
    for (let version = 1; version < state.stateVersion; version++)
      expect(
        () => presentState({ ...state, stateVersion: version } as never, plan),
        `version ${version}`,
      ).not.toThrow()
  })
})
