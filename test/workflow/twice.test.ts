// Every activity carried out twice in a row, the first answer dropped: what a lost answer and a retry amount to.
import { Client } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeActivities, watchActivities } from '../../activities/engine.ts'
import { loadWorkflowBundle } from '../../worker/bundle.ts'
import { measureSinks } from '../../worker/sinks.ts'
import { TASK_QUEUE, WATCH_QUEUE } from '../../workflows/activities.ts'
import { attend } from './attend.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { deps } from './deps.ts'
import { everything, thereAndBack } from './runbooks.ts'

let bench: Bench
let workers: Worker[] = []
const running: Promise<void>[] = []
beforeAll(async () => {
  bench = await openBench({ worker: false })
  const { nativeConnection: connection, connection: clientConnection } = bench.env
  const namespace = bench.env.namespace ?? 'default'
  const options = { deps, client: new Client({ connection: clientConnection, namespace }) }
  const shared = { connection, namespace }
  workers = [
    await Worker.create({
      ...shared,
      taskQueue: TASK_QUEUE,
      workflowBundle: await loadWorkflowBundle(),
      activities: twice(changeActivities(options)),
      sinks: measureSinks(null),
    }),
    await Worker.create({ ...shared, taskQueue: WATCH_QUEUE, activities: twice(watchActivities(options)) }),
  ]
  running.push(...workers.map((worker) => worker.run()))
})
afterAll(async () => {
  for (const worker of workers) worker.shutdown()
  await Promise.allSettled(running)
  await bench.close()
})

test('a run through every step kind ends as if each call had been made once', async () => {
  const run = await bench.begin(everything)
  const { how, snapshot, error } = await attend(run, { trouble: 'right' })
  expect(how, error).toBe('completed')
  expect(JSON.parse(snapshot)).toEqual({
    'capacity old': { count: 0 },
    'capacity new': { count: 3 },
    'dns api.example.com. A': { ttl: 2, values: ['192.0.2.20'] },
    'reconciler gitops reconciling': { suspended: false },
    'traffic edge cohort': { users: ['acme'] },
    'traffic edge mirror': { percent: 0 },
    'traffic edge split': { old: 0, new: 100 },
    'traffic edge stable': { stable: 'new' },
  })
  const writes = run.world.landed().map(({ target, value }) => `${target} ${JSON.stringify(value)}`)
  expect(writes).toEqual([...new Set(writes)]) // each change landed once
})

test('so does the way back', async () => {
  const run = await bench.begin(thereAndBack)
  await run.gate('approval')
  const there = run.world.landed().length
  await run.abort()
  const { how, snapshot, error } = await attend(run, { trouble: 'right' })
  expect(how, error).toBe('restored')
  expect(snapshot).toBe(run.before)
  expect(run.world.landed().length - there).toBe(3) // capacity, records, split: one write each
})

type Activities = { [name: string]: (input: never) => Promise<unknown> }

function twice(activities: object): Activities {
  return Object.fromEntries(
    Object.entries(activities as Activities).map(([name, once]) => [
      name,
      async (input: never) => {
        await once(input).catch(() => {}) // whatever it said is lost
        return await once(input)
      },
    ]),
  )
}
