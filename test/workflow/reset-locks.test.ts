// A run that has ended has given its locks back. Reset, it goes on: it takes them again before it writes anything, and writes
// nothing while another run holds one.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { approve } from '../../workflows/messages.ts'
import { eventually, openBench, runOf } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { frame } from './runbooks.ts'

const TEST_MS = 240_000
const EXCLUDE_SIGNALS = 1 // temporal.api.enums.v1.ResetReapplyExcludeType
const QUICK = 'guards: [], unwatched: tried without guards, hold: 0ms, samples: 0'
const asking = (names: { service: string; world: string }) =>
  `${frame(names)}steps:
  - canary: { connection: edge, weights: [10%, 50%], ${QUICK} }
  - approve: { expires: 30m, guards: [] }
  - switch: { connection: edge, ${QUICK} }
`

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ dynamicConfig: ['limit.historyCount.suggestContinueAsNew=100'] })
})
afterAll(() => bench.close())

/** The ended run again, as it was when it asked: without the abort that came then. */
async function askingAgain(run: Run): Promise<Run> {
  const { client, namespace = 'default' } = bench.env
  const { workflowId, firstExecutionRunId: firstId } = run.handle
  const { events } = await client.workflow.getHandle(workflowId, firstId).fetchHistory()
  const said = (events ?? []).findIndex((event) => event.workflowExecutionSignaledEventAttributes)
  const task = (events ?? []).slice(0, said).findLast((event) => event.workflowTaskCompletedEventAttributes)
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId, runId: firstId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: Number(task?.eventId) as never, // the client takes numbers; its types ask for Long
    resetReapplyExcludeTypes: [EXCLUDE_SIGNALS],
  })
  const handle = client.workflow.getHandle(workflowId) // whichever of its histories is the latest
  return runOf(Object.assign(handle, { firstExecutionRunId: runId }) as Run['handle'], run)
}

async function endedOnce(): Promise<Run> {
  const run = await bench.begin(asking, { found: true })
  await run.gate('approval')
  await run.abort()
  expect((await run.ended()).outcome).toBe('restored')
  return run
}

/** Noise, until the run has begun a new history. */
async function renewed(run: Run): Promise<void> {
  const { runId } = await run.handle.describe()
  await eventually('begins a new history', async () => {
    for (let number = 0; number < 20; number++)
      await run.handle.signal(approve, { actor: `bot-${number}`, gate: 'nonsense' })
    return (await run.handle.describe()).runId !== runId
  })
}

test.each([
  ['at once', async () => {}],
  ['after a new history', renewed],
])(
  'another run holds its targets: nothing is written, there or back, %s',
  async (_, first) => {
    const ended = await endedOnce()
    const again = await askingAgain(ended)
    const { id } = await again.gate('approval')
    await first(again)
    const other = await bench.begin(asking, { world: ended.world.name })
    await other.gate('approval')
    const written = ended.world.landed().length
    await again.decide({ verdict: 'approve', gate: id })
    const { waitsFor } = await again.gate('restore')
    expect(waitsFor).toContain(`held by the run of ${other.service}`)
    expect((await again.state()).reason).toMatchObject({
      message: expect.stringContaining(`held by the run of ${other.service}`),
    })
    expect(ended.world.landed().length, 'not one write beside the other run').toBe(written)
    await other.abort()
    expect((await other.ended()).outcome).toBe('restored')
    expect((await again.ended()).outcome).toBe('restored')
    expect(ended.world.snapshot()).toBe(ended.before)
  },
  TEST_MS,
)

test(
  'its targets are free: it goes on, and no other run gets them until it has ended',
  async () => {
    const ended = await endedOnce()
    const again = await askingAgain(ended)
    const { id } = await again.gate('approval')
    await again.decide({ verdict: 'approve', gate: id })
    const drift = await again.gate('drift') // what it remembers was taken back at its first end
    const other = await bench.begin(asking, { world: ended.world.name })
    expect(await other.ended()).toMatchObject({ outcome: 'restored', reason: { failure: 'Conflict' } })
    await again.decide({ verdict: 'approve', gate: drift.id })
    expect((await again.ended()).outcome).toBe('completed')
    const third = await bench.begin(asking, { world: ended.world.name })
    await third.gate('approval')
    await third.abort()
    await third.ended()
  },
  TEST_MS,
)
