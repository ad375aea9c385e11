// A literal plan and state of a run in the middle of a canary, for tests of what people see.
import type { Reading } from '../../../workflows/activities.ts'
import type { Plan } from '../../../workflows/plan.ts'
import { firstState } from '../../../workflows/run/first-state.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import type { Described } from '../../../view/run-view.ts'

export const START = Date.parse('2026-03-01T10:00:00.000Z')
export const NOW = START + 300_000

const gated = { good: '3 in a row', extend_max: '30m' }
const counted = { samples: 100, tolerance: '10%' }
const decided = { quorum: 2, expires: '1h', on_expiry: 'unwind', self_approval: false } as const

export const plan = {
  planVersion: 1,
  service: 'orders',
  description: 'Orders leaves the monolith',
  connections: {},
  guards: [
    {
      name: 'errors',
      from: 'prom',
      query: 'error_ratio($side)',
      side: 'new',
      max: '0.5%',
      breach: '3 in a row',
      every: '10s',
      min_samples: 100,
      when_unknown: { for: '2m', do: 'hold' },
      dry_run: false,
    },
  ],
  steps: [
    {
      id: 's01-canary',
      index: 1,
      kind: 'canary',
      title: 'canary 5% 25%',
      spec: { connection: 'edge', weights: ['5%', '25%'], hold: '5m', ...counted, ...gated },
    },
    {
      id: 's02-approve',
      index: 2,
      kind: 'approve',
      title: 'Ready?',
      spec: { people: ['ana', 'raj'], ...decided },
    },
    {
      id: 's03-switch',
      index: 3,
      kind: 'switch',
      title: 'switch',
      spec: { connection: 'edge', hold: '15m', ...counted, ...gated },
    },
  ],
  targets: [],
  notify: [],
  digest: 'abcdef0123456789',
} as unknown as Plan

export function reading(over: Partial<Reading> = {}): Reading {
  return {
    subject: 'errors',
    at: new Date(NOW - 2_000).toISOString(),
    verdict: 'good',
    value: 0.002,
    limit: 'max 0.5%',
    samples: 1_204,
    text: '0.2 %, at most 0.5 %, 1,204 samples',
    ...over,
  }
}

export function state(over: Partial<RunState> = {}): RunState {
  return {
    ...firstState(plan, { startedBy: 'tom', startedAt: START }),
    endedAt: null,
    phase: 'holding',
    outcome: null,
    cursor: 0,
    steps: [
      {
        id: 's01-canary',
        status: 'running',
        startedAt: START,
        endedAt: null,
        notes: ['25 % confirmed'],
        readings: { errors: [reading()] },
      },
      { id: 's02-approve', status: 'pending', startedAt: null, endedAt: null, notes: [], readings: {} },
      { id: 's03-switch', status: 'pending', startedAt: null, endedAt: null, notes: [], readings: {} },
    ],
    changes: [
      {
        number: 1,
        step: 's01-canary',
        connection: 'edge',
        target: 'split',
        before: { old: 100, new: 0 },
        desired: { old: 75, new: 25 },
        status: 'applied',
        verified: true,
        at: START + 1_000,
        retried: false,
        appliedAt: START + 1_200,
      },
    ],
    restorations: [],
    gates: [],
    asked: {},
    holding: {
      key: 's01-canary/25%',
      step: 's01-canary',
      title: 'new side at 25%',
      until: NOW + 60_000,
      limit: null,
      waitsFor: 'good checks of errors',
    },
    decisions: [],
    deadlines: {},
    reason: null,
    laterReasons: [],
    pointOfNoReturn: null,
    serving: { all: { old: true, new: true }, edges: { edge: { old: true, new: true } } },
    weights: { edge: { old: 75, new: 25 } },
    atEnd: [],
    remainder: [],
    log: [{ at: START, text: 'started by tom' }],
    published: null,
    unwindingSince: null,
    restoredAt: null,
    ...over,
  }
}

export function gate(
  id: string,
  allows: RunState['gates'][number]['allows'] = ['approve'],
): RunState['gates'][number] {
  return {
    id,
    kind: 'approval',
    step: 's02-approve',
    title: 'Ready?',
    waitsFor: '2 of ana, raj',
    openedAt: NOW,
    until: null,
    expires: NOW + 3_600_000,
    onExpiry: 'unwind',
    people: ['ana', 'raj'],
    quorum: 2,
    selfApproval: false,
    approvals: [],
    allows,
    answer: null,
  }
}

export const described: Described = {
  workflowId: 'cutover/orders',
  runId: 'run-1',
  status: 'RUNNING',
  startedAt: new Date(START).toISOString(),
  endedAt: null,
  pending: [],
}
