// Continue-as-new in the midst of a step's own way back: in its wait, in its long work, beside a question about one of its changes.
// What was done is not done again, waits keep their end, work goes on where it was.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleOf, openBench } from '../workflow/bench.ts'
import type { Bench, Run } from '../workflow/bench.ts'
import { LEADER, WORKFLOWS, handedOver, outOfOrder } from '../workflow/handover/plans.ts'
import { atWork } from '../workflow/handover/at-work.ts'
import { ROUNDS } from '../workflow/handover/kind.ts'
import { flood, replayed } from '../workflow/renewals.ts'

const TEST_MS = 240_000
const DONE_AGAIN_MAX = 3 // the piece under way, for each of the histories

let bench: Bench
beforeAll(async () => {
  bench = await openBench({
    workflows: WORKFLOWS,
    dynamicConfig: ['limit.historyCount.suggestContinueAsNew=60'],
  })
})
afterAll(() => bench.close())

async function endsAsBefore(run: Run): Promise<void> {
  expect((await run.ended()).outcome).toBe('restored')
  expect(run.world.snapshot()).toBe(run.before)
  expect(outOfOrder(run.world)).toBeNull()
  const back = run.world.landed().filter(({ target }) => target === LEADER)
  expect(back.map(({ value }) => (value as { values: string[] }).values[0])).toEqual(
    ['"nobody"', '"two"', '"nobody"', '"one"'], // there and back, each once
  )
  const { changes } = await run.state()
  expect(
    changes.filter(({ isBack }) => isBack),
    'each is in the journal once',
  ).toHaveLength(3)
  expect(await replayed(bench, run, await bundleOf(WORKFLOWS))).toBeGreaterThan(2)
}

test(
  'in its wait: it ends when it would have',
  async () => {
    const run = await bench.begin((names) => handedOver(names, { drain: '15s' }))
    await run.gate('approval')
    await run.abort()
    const waits = await run.until('waits', ({ deadlines }) => 's03-handover/undo/drain' in deadlines)
    await flood(bench, run, 2)
    const { deadlines } = await run.until('waits on', (state) => 's03-handover/undo/drain' in state.deadlines)
    expect(deadlines['s03-handover/undo/drain']).toBe(waits.deadlines['s03-handover/undo/drain'])
    await endsAsBefore(run)
  },
  TEST_MS,
)

test(
  'in its long work: it goes on where it was',
  () =>
    atWork(bench, 10, async (run, requests) => {
      await flood(bench, run, 2)
      await endsAsBefore(run)
      expect(requests()).toBeLessThanOrEqual(ROUNDS + DONE_AGAIN_MAX)
    }),
  TEST_MS,
)

test.each(['retry', 'nobody'] as const)(
  'beside the question about one of its changes, answered by %s: the same question, and nothing is done twice',
  async (answer) => {
    const run = await bench.begin(handedOver)
    await run.gate('approval')
    const trouble = run.world.script([
      {
        when: { port: 'traffic', verb: 'write', target: 'edge split', call: 'every' },
        fault: { kind: 'Denied' },
      },
    ])
    await run.abort()
    const { id, openedAt } = await run.gate('restore')
    await flood(bench, run, 2)
    expect(await run.gate('restore')).toMatchObject({ id, openedAt })
    trouble.end()
    if (answer === 'retry') await run.decide({ verdict: 'retry', gate: id }).catch(() => {}) // the retries may have closed it
    await endsAsBefore(run)
  },
  TEST_MS,
)
