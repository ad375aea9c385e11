// Why a run goes back: the first reason wins; what comes later is kept, in bounds, and shown.
import { expect, test } from 'vitest'
import { runText } from '../../../client/output/run-text.ts'
import { UNFOLDED } from '../../../client/output/sheet.ts'
import { runView } from '../../../view/run-view.ts'
import type { Run } from '../../../workflows/run/run.ts'
import { sendBack } from '../../../workflows/run/run.ts'
import type { Reason } from '../../../workflows/run/state.ts'
import { NOW, described, plan, state } from '../client/fixtures.ts'

const failure = (number: number): Reason => ({
  kind: 'failure',
  step: 's01-canary',
  failure: 'Denied',
  message: `number ${number}`,
  at: NOW + number,
})

test('the first reason counts, later ones are shown, and however many come, few are kept', () => {
  const run = { plan, state: state(), now: { forwardScope: null } } as unknown as Run
  for (let number = 1; number <= 1_000; number++) sendBack(run, failure(number))
  expect(run.state.reason).toMatchObject({ message: 'number 1' })
  expect(run.state.laterReasons.length).toBeLessThanOrEqual(20)
  const view = runView({ state: run.state, plan }, described)
  expect(view.laterReasons[0]?.text).toContain('number 2')
  const text = runText(view, { width: 120, color: false, now: NOW, fold: { ...UNFOLDED, logLines: 0 } }).join(
    '\n',
  )
  expect(text).toMatch(/going back: .*number 1/)
  expect(text).toMatch(/later also: .*number 2/)
})
