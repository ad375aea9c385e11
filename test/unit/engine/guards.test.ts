// Which guards are watched: those the step names, of sides that are served. A sleeping guard never speaks.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Plan, PlannedGuard, PlannedStep } from '../../../workflows/plan.ts'
import { guardsOf, isArmed } from '../../../workflows/run/guards.ts'

const guard = fc.record({
  name: fc.constantFrom('errors', 'p95', 'orders', 'cpu'),
  query: fc.constantFrom('error_ratio($side)', 'cpu()'),
  side: fc.constantFrom('old', 'new'),
  isCompared: fc.boolean(),
  of: fc.constantFrom(undefined, 'edge-a', 'edge-b'),
})
const sides = fc.record({ old: fc.boolean(), new: fc.boolean() })
const serving = fc.record({ all: sides, edges: fc.record({ 'edge-a': sides, 'edge-b': sides }) })

function planned({
  name,
  query,
  side,
  isCompared,
  of,
}: {
  name: string
  query: string
  side: string
  isCompared: boolean
  of: string | undefined
}) {
  const compare = isCompared ? { compare: { to: 'old', increase_max: '10%' } } : {}
  return {
    name,
    from: 'prom',
    query,
    side,
    ...(of === undefined ? {} : { of }),
    every: '1s',
    breach: '3 in a row',
    ...compare,
  } as unknown as PlannedGuard
}

function plan(guards: PlannedGuard[]): Plan {
  return { guards, connections: { prom: { name: 'prom' } } } as unknown as Plan
}

function step(guards: string[] | undefined): PlannedStep {
  return { id: 's01', spec: { guards } } as unknown as PlannedStep
}

describe('guarding', () => {
  test('a guard is watched exactly when its side is served by its edge, a comparison only while both are', () => {
    fc.assert(
      fc.property(guard, serving, (about, now) => {
        const served = about.of === undefined ? now.all : now.edges[about.of]
        const asksSide = about.query.includes('$side')
        const wanted = about.isCompared ? served.old && served.new : !asksSide || served[about.side]
        expect(isArmed(planned(about), now)).toBe(wanted)
      }),
    )
  })

  test('a step watches what it names and nothing else; without names all', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(guard, { selector: ({ name }) => name }),
        fc.option(fc.subarray(['errors', 'p95', 'orders', 'cpu']), { nil: undefined }),
        serving,
        (about, names, served) => {
          const guards = about.map(planned)
          const watched = guardsOf(plan(guards), { serving: served }, { step: step(names), good: 3 })
          const wanted = guards.filter(
            (each) => isArmed(each, served) && (names?.includes(each.name) ?? true),
          )
          expect(watched.map((each) => each.what === 'guard' && each.guard.name)).toEqual(
            wanted.map(({ name }) => name),
          )
        },
      ),
    )
  })
})
