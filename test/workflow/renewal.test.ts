// Continue-as-new at step boundaries: the journal, decisions and deadlines of a run live on in the next one, and the way
// back still leads to the first `before`.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { follow } from '../../view/follow.ts'
import type { RunView } from '../../view/model.ts'
import { attend } from './attend.ts'
import { openBench } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { everything, frame, thereAndBack } from './runbooks.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ dynamicConfig: ['limit.historyCount.suggestContinueAsNew=30'] })
})
afterAll(() => bench.close())

async function runIds(run: Run): Promise<string[]> {
  const found: string[] = []
  const query = `WorkflowId = "cutover/${run.service}"`
  for await (const { runId } of bench.env.client.workflow.list({ query })) found.push(runId)
  return found
}

test('a run that renews itself again and again completes as any other', async () => {
  const run = await bench.begin(everything)
  const { how, snapshot, error, state } = await attend(run, { trouble: 'right' })
  expect(how, error).toBe('completed')
  expect(JSON.parse(snapshot)).toMatchObject({ 'dns api.example.com. A': { ttl: 2, values: ['192.0.2.20'] } })
  expect((await runIds(run)).length).toBeGreaterThan(2)
  expect(state?.decisions.filter(({ accepted }) => accepted)).toHaveLength(3)
  expect(state?.steps.map(({ status }) => status)).toEqual(run.plan.steps.map(() => 'done'))
  const { searchAttributes } = await run.handle.describe()
  expect(searchAttributes).toMatchObject({ CutoverOutcome: ['completed'], CutoverWeight: [100] })
})

test('the way back leads to what was there before the first of them, by one write per target', async () => {
  const run = await bench.begin(thereAndBack)
  await run.gate('approval')
  expect((await runIds(run)).length).toBeGreaterThan(1)
  const { changes, deadlines } = await run.state()
  expect(changes.filter(({ target }) => target === 'split')).toHaveLength(3)
  expect(Object.keys(deadlines)).toEqual(['s06-approve'])
  const there = run.world.landed().length
  await run.abort()
  const { how, snapshot, error } = await attend(run, { trouble: 'right' })
  expect(how, error).toBe('restored')
  expect(snapshot).toBe(run.before)
  expect(run.world.landed().length - there).toBe(3)
})

test('who follows its first run sees it to its end through all of them', async () => {
  const run = await bench.begin(everything)
  const seen: RunView[] = []
  const following = follow(
    { client: bench.env.client, address: '', namespace: 'default' },
    {
      service: run.service,
      runId: run.handle.firstExecutionRunId,
      signal: AbortSignal.timeout(60_000),
      isLast: (view) => view.outcome === 'completed',
      seen: (view) => void seen.push(view),
      lost: () => {},
      progress: () => {},
    },
  )
  expect((await attend(run, { trouble: 'right' })).how).toBe('completed')
  expect(await following).toMatchObject({ outcome: 'completed', step: { index: run.plan.steps.length } })
  expect(new Set(seen.map(({ runId }) => runId)).size).toBeGreaterThan(1)
})

test('its locks are its own through all of them', async () => {
  const first = await bench.begin(thereAndBack)
  await first.gate('approval')
  const second = await bench.begin(thereAndBack, { world: first.world.name })
  expect(await second.ended()).toMatchObject({ outcome: 'restored', reason: { failure: 'Conflict' } })
  await first.abort()
  await first.ended()
  expect(first.world.snapshot()).toBe(first.before)
})

test('an approval given before a renewal cannot be given again after it', async () => {
  const hold = '  - hold: { for: 10ms, guards: [] }\n'
  const run = await bench.begin(
    (names) =>
      `${frame(names)}steps:\n  - canary: { connection: edge, weights: [10%, 20%, 30%, 40%], samples: 0, hold: 0ms, guards: [], unwatched: renewal alone is tried }\n  - approve: { guards: [], expires: 5m }\n${hold.repeat(6)}  - approve: { guards: [], expires: 5m }\n`,
  )
  const first = await run.gate('approval')
  await run.decide({ verdict: 'approve', gate: first.id, decisionId: 'one' })
  await run.until('asks again', ({ gates }) => gates.length === 1 && gates[0]?.id !== first.id)
  expect((await runIds(run)).length).toBeGreaterThan(1)
  await run.decide({ verdict: 'approve', gate: first.id, decisionId: 'one' })
  const { gates, decisions } = await run.state()
  expect(gates[0]?.approvals).toEqual([])
  expect(decisions).toHaveLength(1)
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
})
