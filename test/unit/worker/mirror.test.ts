// A run as an object of Kubernetes: its name, of which moment it is, and what its conditions say.
import { expect, it } from 'vitest'
import {
  type Condition,
  compareVersions,
  mirrored,
  objectName,
  withTimes,
} from '../../../worker/mirror/object.ts'
import type { RunView } from '../../../view/model.ts'

const VERSION = { startedAt: '2026-06-01T10:00:00.000Z', beganAt: '2026-06-01T10:00:00.000Z', events: 10 }

it('is named like its service, and never like another one', () => {
  const names = ['orders', 'orders-eu', 'orders_eu', 'orders-eu-', 'orders_eu-'].map(objectName)
  expect(names.slice(0, 2)).toEqual(['orders', 'orders-eu'])
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
})

it('is newer by its run, then by the history of it, then by the events of that', () => {
  const later = {
    ...VERSION,
    startedAt: '2026-06-01T11:00:00.000Z',
    beganAt: '2026-06-01T11:00:00.000Z',
    events: 3,
  }
  const renewed = { ...VERSION, beganAt: '2026-06-01T10:30:00.000Z', events: 2 }
  expect(compareVersions(later, VERSION)).toBeGreaterThan(0)
  expect(compareVersions(renewed, VERSION)).toBeGreaterThan(0)
  expect(compareVersions(VERSION, { ...VERSION, events: 11 })).toBeLessThan(0)
  expect(compareVersions(VERSION, { ...VERSION })).toBe(0)
})

const VIEW = {
  service: 'orders',
  workflowId: 'cutover/orders',
  runId: 'r1',
  digest: 'abc',
  outcome: null,
  phase: 'holding',
  step: { index: 2, total: 3, id: 's02', title: 'canary 25%' },
  weights: { old: 75, new: 25 },
  edges: [{ connection: 'edge', weights: { old: 75, new: 25 } }],
  reason: null,
  gates: [],
  remainder: [],
  paused: null,
  startedBy: 'maria',
  startedAt: '2026-06-01T10:00:00.000Z',
  endedAt: null,
} as unknown as RunView

const shown = (view: Partial<RunView>) =>
  mirrored({ view: { ...VIEW, ...view }, description: '', temporalNamespace: 'default', version: VERSION })
const trueOf = (view: Partial<RunView>): string[] =>
  shown(view).conditions.flatMap(({ type, status }) => (status === 'True' ? [type] : []))

it('says what a run is at, in words that a table holds', () => {
  expect(shown({}).status).toMatchObject({
    phase: 'holding',
    step: '2/3 canary 25%',
    share: '25%',
    weights: [{ edge: 'edge', old: 75, new: 25 }],
    version: VERSION,
  })
  expect(shown({}).status).not.toHaveProperty('gate')
})

const ended = { phase: 'ended', endedAt: '2026-06-01T11:00:00.000Z' } as const
it.each<[string, Partial<RunView>, string[]]>([
  ['goes on', {}, ['Progressing']],
  ['waits for an approval', { phase: 'waiting' }, ['Progressing']],
  ['goes back', { phase: 'unwinding' }, ['Progressing', 'Degraded']],
  ['needs a person', { phase: 'stuck', outcome: 'stuck' }, ['Degraded']],
  ['is completed', { ...ended, outcome: 'completed' }, ['Ready']],
  ['is restored', { ...ended, outcome: 'restored' }, ['Degraded']],
  ['left something to people', { ...ended, outcome: 'completed-with-remainder' }, ['Degraded']],
  ['was terminated', { ...ended, outcome: 'terminated' }, ['Degraded']],
])('that %s', (_, view, conditions) => {
  expect(trueOf(view)).toEqual(conditions)
})

it('keeps since when a condition is so', () => {
  const condition: Condition = { type: 'Ready', status: 'False', reason: 'Holding', message: 'canary' }
  const before = [{ ...condition, message: 'other', lastTransitionTime: '2026-06-01T10:00:00Z' }]
  expect(withTimes([condition], before, '2026-06-01T12:00:00Z')).toEqual([
    { ...condition, lastTransitionTime: '2026-06-01T10:00:00Z' },
  ])
  expect(withTimes([{ ...condition, status: 'True' }], before, '2026-06-01T12:00:00Z')).toMatchObject([
    { lastTransitionTime: '2026-06-01T12:00:00Z' },
  ])
})
