// Which steps go back by a way of their own, in which order, and what each is about. Here those of every step that switches.
import { expect, test } from 'vitest'
import { withFound } from '../../../client/runbook/resolve.ts'
import type { PlannedStep } from '../../../workflows/plan.ts'
import { isUncertain, onItsWayUntil, restorationsOf, touched } from '../../../workflows/run/journal.ts'
import type { Change, Undo } from '../../../workflows/run/state.ts'
import {
  addLostUndos,
  targetsOf,
  tell,
  undosAbout,
  undosBefore,
  undosOf,
} from '../../../workflows/run/way-back.ts'
import { frame } from '../../workflow/runbooks.ts'
import { planOf } from '../runbook/fixture.ts'

const QUICK = 'guards: [], unwatched: tried, samples: 0'
const RUNBOOK = `${frame({ service: 's', world: 'w' }).replace('  fleet:', '  other: { provider: traffic/sim, world: w, balancer: other }\n  fleet:')}steps:
  - canary: { connection: edge, weights: [10%], ${QUICK} }
  - canary: { connection: other, weights: [10%], ${QUICK} }
  - switch: { connection: other, ${QUICK} }
  - switch: { connection: edge, ${QUICK} }
`
const edge = { connection: 'edge', target: 'split' }
const other = { connection: 'other', target: 'split' }
const [OLD, NEW] = [{ old: 100, new: 0 }, { old: 0, new: 100 }] // prettier-ignore
const switches = ({ kind }: PlannedStep) => kind === 'switch'

function changed(step: string, of: typeof edge, more: Partial<Change> = {}): Change {
  const written = { status: 'applied', verified: true, retried: false, at: 0, appliedAt: 1 } as const
  return { number: 1, step, ...of, before: OLD, desired: NEW, ...written, ...more }
}

async function going(changes: Change[]) {
  const plan = withFound(
    await planOf(RUNBOOK),
    [edge, other].map((of) => ({ ...of, value: OLD })),
  )
  const restorations = restorationsOf({ changes }, touched(changes))
  const run = { plan, state: { changes, restorations, undos: [] as Undo[] } }
  run.state.undos = undosOf(run, switches)
  return run
}

const namesOf = (undos: Undo[]) => undos.map(({ step }) => step)

test('every step that has written, newest first; not one that found everything as it wanted, nor one that has not begun', async () => {
  const both = await going([
    changed('s03-switch', other),
    changed('s04-switch', edge, { status: 'intended' }),
  ])
  expect(namesOf(both.state.undos)).toEqual(['s04-switch', 's03-switch'])
  const noop = await going([changed('s03-switch', other, { status: 'noop' }), changed('s01-canary', edge)])
  expect(noop.state.undos).toEqual([])
})

test('a target waits for every such way about it, also of a step that had not come to it yet; others wait for none', async () => {
  const run = await going([changed('s01-canary', edge), changed('s03-switch', other)])
  expect(namesOf(undosAbout(run, other))).toEqual(['s03-switch'])
  expect(undosAbout(run, edge)).toEqual([])
  run.state.changes.push(changed('s03-switch', edge, { isBack: true })) // on its way back it has come to another target
  expect(namesOf(undosAbout(run, edge))).toEqual(['s03-switch'])
})

test('an older one waits for newer ones about a target of its own, and for no others', async () => {
  const apart = await going([changed('s03-switch', other), changed('s04-switch', edge)])
  const older = apart.state.undos[1] as Undo
  expect(undosBefore(apart, older)).toEqual([])
  apart.state.changes.push(changed('s04-switch', other))
  expect(namesOf(undosBefore(apart, older))).toEqual(['s04-switch'])
})

test('a step whose beginning was lost is known by a target of its plan, and takes its place', async () => {
  const run = await going([changed('s01-canary', edge)])
  addLostUndos(run, other, switches)
  expect(namesOf(run.state.undos)).toEqual(['s03-switch'])
  addLostUndos(run, edge, switches)
  addLostUndos(run, other, switches)
  expect(namesOf(run.state.undos), 'newest first, and each once').toEqual(['s04-switch', 's03-switch'])
})

test('people are told at each of its targets, until that is back or left', async () => {
  const run = await going([changed('s03-switch', other), changed('s03-switch', edge)])
  const undo = run.state.undos[0] as Undo
  const [first, second] = targetsOf(run, undo)
  if (first !== undefined) first.status = 'restored'
  tell(run, undo, 'waits')
  expect([first, second]).toMatchObject([
    { status: 'restored', note: null },
    { status: 'restoring', note: 'waits' },
  ])
})

test('what was waited for on such a way is not waited for again', () => {
  const changes = [changed('s', edge, { status: 'unknown', verified: false })]
  expect(isUncertain(changes, edge)).toBe(true)
  expect(onItsWayUntil(changes, edge, 7)).toBe(7)
  for (const change of changes) change.isOver = true
  expect(isUncertain(changes, edge)).toBe(false)
  expect(onItsWayUntil(changes, edge, 7)).toBe(0)
})
