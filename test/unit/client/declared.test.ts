// What status and report say of declared state: who is suspended until when, and the patch that must be declared, whole.
import { expect, test } from 'vitest'
import { UNFOLDED } from '../../../client/output/sheet.ts'
import { runText } from '../../../client/output/run-text.ts'
import { runView } from '../../../view/run-view.ts'
import type { Change, RunState } from '../../../workflows/run/state.ts'
import { NOW, START, described, plan, state } from './fixtures.ts'

const look = { width: 80, color: false, now: NOW, fold: UNFOLDED }
const PATCH = [{ op: 'add', path: '/spec/rules/0/backendRefs/0/weight', value: 0 }]

const change = (before: boolean, desired: boolean, over: Partial<Change> = {}): Change => ({
  number: 1,
  step: 's01-canary',
  connection: 'gitops',
  target: 'reconciling',
  before: { suspended: before },
  desired: { suspended: desired },
  status: 'applied',
  verified: true,
  retried: false,
  at: START,
  appliedAt: START,
  ...over,
})
const of = { connection: 'gitops', target: 'reconciling' }
const suspensions = [{ ...of, objects: ['HTTPRoute shop/orders'], until: NOW + 3_600_000 }]
const viewOf = (over: Partial<RunState>) =>
  runView({ state: state({ suspensions, ...over }), plan }, described)

test('until when it is suspended, and what must be declared, on one line however wide', () => {
  const view = viewOf({
    changes: [change(false, true)],
    declare: [{ object: 'HTTPRoute shop/orders', patch: PATCH }],
  })
  expect(view.suspended).toEqual([{ connection: 'gitops', until: new Date(NOW + 3_600_000).toISOString() }])
  const lines = runText(view, look)
  expect(lines).toContain(`  to be declared: HTTPRoute shop/orders: ${JSON.stringify(PATCH)}`)
  expect(lines.join(' ')).toMatch(/gitops is suspended; it goes on by itself at .* \(in 1h\)/)
})

test('one that goes on again, that was suspended by others, or that is back is none of this run any more', () => {
  const suspended = (over: Partial<RunState>) => viewOf(over).suspended
  expect(suspended({ changes: [change(false, true), change(true, false)] })).toEqual([])
  expect(suspended({ changes: [change(true, true, { status: 'noop' })] })).toEqual([])
  const back = {
    ...of,
    before: { suspended: false },
    status: 'restored',
    note: null,
    at: NOW,
    settled: true,
  } as const
  expect(suspended({ changes: [change(false, true)], restorations: [back] })).toEqual([])
  expect(suspended({ changes: [change(false, true)], phase: 'ended' })).toEqual([])
})

test('what must be declared is asked for by nobody who goes back, nor once it was declared', () => {
  const declare = [{ object: 'HTTPRoute shop/orders', patch: PATCH }]
  const abort = { kind: 'abort', actor: 'ana', reason: 'stop', via: 'signal', at: NOW } as const
  const changes = [change(false, true)]
  expect(viewOf({ changes, declare, reason: abort, phase: 'unwinding' }).declare).toEqual([])
  const over = viewOf({ changes: [...changes, change(true, false)], declare })
  expect(runText(over, look).join('\n')).not.toContain('to be declared')
})
