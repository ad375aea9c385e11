// `temporal workflow reset` takes the tail of a history away, and what was written in it stays in the world. At every workflow
// task of a run there and back: reset, abort, and the world is as it was at the start; or on to the end, and it is as planned.
// CUTOVER_FAULTS=all takes every task.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attend } from './attend.ts'
import { bounded, openBench, runOf } from './bench.ts'
import type { Bench, Run } from './bench.ts'
import { wrongEnd } from './ends.ts'
import { WORKFLOWS, handedOver, outOfOrder } from './handover/plans.ts'
import { handedBackThereAndBack, thereAndBack } from './runbooks.ts'

const AT_ONCE = Number(process.env.CUTOVER_AT_ONCE ?? 12)
const STRIDE = process.env.CUTOVER_FAULTS === 'all' ? 1 : 5
const MATRIX_MS = 1_200_000

let bench: Bench
beforeAll(async () => {
  bench = await openBench({ workflows: WORKFLOWS })
})
afterAll(() => bench.close())

/** Ids of the tasks that were completed: the events to which a history can be reset. */
async function tasksOf({ handle }: Run): Promise<number[]> {
  const { events } = await handle.fetchHistory()
  return (events ?? []).flatMap(({ eventId, workflowTaskCompletedEventAttributes: task }) =>
    task === undefined || task === null ? [] : [Number(eventId)],
  )
}

/** The same run, going on from that event. */
async function reset(run: Run, taskId: number): Promise<Run> {
  const { client, namespace = 'default' } = bench.env
  const { workflowId } = run.handle
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: { workflowId, runId: run.handle.firstExecutionRunId },
    reason: 'test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: taskId as never, // the client takes numbers; its types ask for Long
  })
  const handle = client.workflow.getHandle(workflowId, runId)
  return runOf(Object.assign(handle, { firstExecutionRunId: runId }) as Run['handle'], run)
}

test.each([
  ['there', '', thereAndBack],
  ['back', '', thereAndBack],
  ['there', ' through a step that has its own way back', handedOver],
  ['back', ' through a step that has its own way back', handedOver],
  ['there', ' through a handback', handedBackThereAndBack],
  ['back', ' over a handback', handedBackThereAndBack],
] as const)(
  'reset at any event on the way %s%s, then abort: everything is back, whatever was lost',
  async (way, _through, runbook) => {
    const clean = await begin(way, runbook)
    const count = (await tasksOf(clean)).length
    const turns = Array.from({ length: count }, (_, at) => at).filter(
      (at) => at % STRIDE === 0 || at === count - 1,
    )
    const wrong = await bounded(turns, AT_ONCE, async (turn) => {
      const run = await begin(way, runbook)
      const tasks = await tasksOf(run)
      const again = await reset(run, tasks[Math.min(turn, tasks.length - 1)] as number)
      if (way === 'there') await again.abort()
      const ending = await attend(again, { trouble: 'right' })
      // The abort of a run that had turned back comes again with its history, unless that was cut before it.
      if (way === 'back') expect(ending.how, ending.error).toBe('restored')
      const why = wrongEnd(ending, { before: run.before, completed: '{}', isForeign: false })
      return why === null ? [] : [`reset at task ${turn} of ${tasks.length}: ${why}`]
    })
    console.log(`${turns.length} resets on the way ${way}: wrong ${wrong.flat().length}`)
    expect(wrong.flat()).toEqual([])
  },
  MATRIX_MS,
)

test(
  'reset into a proof on the way back of a step, after all of it was back: it is taken back once more, in its order',
  async () => {
    const run = await begin('back', handedOver)
    const { events } = await run.handle.fetchHistory()
    const proof = (events ?? []).findLast(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'confirm',
    )
    // The task that ordered the proof is kept; what came of it is lost.
    const again = await reset(
      run,
      Number(proof?.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId),
    )
    const ending = await attend(again, { trouble: 'right' })
    expect(ending.how, ending.error).toBe('restored')
    expect(ending.snapshot).toBe(run.before)
    expect(ending.asked).toEqual([])
    expect(outOfOrder(run.world)).toBeNull()
  },
  MATRIX_MS,
)

test(
  'reset at any event on the way there, then on to the end: everything is as planned, the old TTL included',
  async () => {
    const clean = await begin('there')
    const count = (await tasksOf(clean)).length
    const completed = await attend(clean, { trouble: 'right' })
    expect(completed.how, completed.error).toBe('completed')
    const turns = Array.from({ length: count }, (_, at) => at).filter((at) => at % STRIDE === 0)
    const wrong = await bounded(turns, AT_ONCE, async (turn) => {
      const run = await begin('there')
      const tasks = await tasksOf(run)
      const again = await reset(run, tasks[Math.min(turn, tasks.length - 1)] as number)
      const ending = await attend(again, { trouble: 'right' })
      const isRight = ending.how === 'completed' && ending.snapshot === completed.snapshot
      return isRight
        ? []
        : [
            `reset at task ${turn} of ${tasks.length}: ${ending.how} ${ending.error}\n${ending.snapshot}\n${completed.snapshot}`,
          ]
    })
    console.log(`${turns.length} resets on the way there, and on: wrong ${wrong.flat().length}`)
    expect(wrong.flat()).toEqual([])
  },
  MATRIX_MS,
)

/** Everything is changed and a person is asked; on the way back: they have said no, and everything is back. */
async function begin(way: 'there' | 'back', runbook = thereAndBack): Promise<Run> {
  const run = await bench.begin(runbook, { found: true })
  await run.gate('approval')
  if (way === 'there') return run
  await run.abort()
  await run.ended()
  return run
}
