// Why a run goes back: the first reason counts, however many come after it, and the Temporal UI shows it.
import { expect, test } from 'vitest'
import { details } from '../../../workflows/run/details.ts'
import type { Run } from '../../../workflows/run/run.ts'
import { sendBack } from '../../../workflows/run/run.ts'
import type { Reason, RunState } from '../../../workflows/run/state.ts'
import { plan, state } from '../client/fixtures.ts'

const abort = (actor: string): Reason => ({ kind: 'abort', actor, reason: 'stop', via: 'signal', at: 0 })

function running(): Run {
  return { plan, state: state(), now: { forwardScope: null } } as unknown as Run
}

test('the first reason stays, and those that come later do not pile up', () => {
  const run = running()
  for (let number = 0; number < 10_000; number++) sendBack(run, abort(`bot-${number}`))
  expect(run.state.reason).toMatchObject({ actor: 'bot-0' })
  expect(run.state.laterReasons.length).toBeLessThanOrEqual(20)
})

test('the Temporal UI shows what a hold waits for, and what somebody must declare while a reconciler is suspended', () => {
  const { holding, changes } = state()
  const of = { connection: 'gitops', target: 'reconciling' }
  const suspended = {
    ...(changes[0] as RunState['changes'][number]),
    ...of,
    before: { suspended: false },
    desired: { suspended: true },
  }
  const held = state({
    holding: { ...(holding as NonNullable<typeof holding>), waitsFor: 'proof of gitops reconciling' },
    changes: [suspended],
    suspensions: [{ ...of, objects: [], until: 0 }],
    declare: [{ object: 'HTTPRoute shop/orders', patch: [{ op: 'remove', path: '/spec/a|b' }] }],
  })
  const text = details(plan, held)
  expect(text).toContain('**Holding**: new side at 25%; not before 2026-03-01T10:06:00.000Z; proof of gitops')
  expect(text).toContain('- to be declared: HTTPRoute shop/orders: `[{"op":"remove","path":"/spec/a\\|b"}]`')
  expect(details(plan, { ...held, changes: [] }), 'nobody is suspended').not.toContain('to be declared')
})

test('the Temporal UI shows the reason itself, whatever the log still holds', () => {
  const run = running()
  sendBack(run, abort('ana'))
  run.state.log = [{ at: 0, text: 'going back: says somebody else' }]
  expect(details(plan, run.state)).toContain('Going back: ana aborted: stop')
})
