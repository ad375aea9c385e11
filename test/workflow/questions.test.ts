// Names of questions: no two have one, not while both are open and not afterwards; each is answered by itself.
import { WorkflowUpdateFailedError } from '@temporalio/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../lab/until.ts'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import { decide, state } from '../../workflows/messages.ts'
import { RIGHT, planOf } from '../unit/runbook/fixture.ts'
import type { asking } from './asking-workflows.ts'
import { type Bench, startBench } from './looking-bench.ts'

let bench: Bench
beforeAll(async () => {
  bench = await startBench('asking-workflows.ts')
})
afterAll(() => bench?.close())

test('two proofs of one step are asked about side by side, each under a name of its own', async () => {
  const plan = await planOf(RIGHT.replace('notify: [ops]\n', ''))
  const handle = await bench.client.workflow.start<typeof asking>('asking', {
    args: [plan],
    taskQueue: TASK_QUEUE,
    workflowId: 'cutover/asking',
  })
  const open = async () => (await handle.query(state)).state.gates
  const idOf = (title: string) =>
    until(`it asks: ${title}`, async () => (await open()).find((gate) => gate.title === title)?.id)
  const say = (verdict: 'approve' | 'retry', gate: string) =>
    handle.executeUpdate(decide, {
      args: [{ verdict, gate, actor: 'ana', reason: '', decisionId: `${verdict} ${gate}`, digest: null }],
    })
  const [east, west] = [await idOf('the effect of east'), await idOf('the effect of west')]
  expect(east).not.toBe(west)
  await say('approve', west)
  expect(await open()).toMatchObject([{ id: east, answer: null }])
  await say('retry', east)
  const again = await idOf('the effect of east, again')
  expect([east, west]).not.toContain(again)
  const late = handle.executeUpdate(decide, {
    args: [{ verdict: 'approve', gate: east, actor: 'raj', reason: '', decisionId: 'late', digest: null }],
  })
  await expect(late).rejects.toThrow(WorkflowUpdateFailedError)
  expect(await open()).toMatchObject([{ id: again, answer: null }])
  await say('approve', again)
  expect(await handle.result()).toEqual(['retry', 'approve', 'approve'])
})
