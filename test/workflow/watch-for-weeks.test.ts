// Long watches on the time-skipping server: days of looks in seconds, by the server's clock and not by this machine's.
import { fileURLToPath } from 'node:url'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, bundleWorkflowCode } from '@temporalio/worker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorld } from '../../activities/sim/world.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import type { TestWorker } from '../../worker/testing.ts'
import { createTestWorker } from '../../worker/testing.ts'
import type { WatchResult } from '../../workflows/activities.ts'
import { guardSubject } from '../../workflows/watched/guard.ts'
import { guardOf, watchOf } from '../unit/watch/subjects.ts'

const HOUR_MS = 3_600_000
let environment: TestWorkflowEnvironment
let worker: TestWorker

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  const executable = { type: 'existing-path', path: requireServer('temporal-test-server') } as const
  environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
  const workflowsPath = fileURLToPath(new URL('./looking-workflows.ts', import.meta.url))
  worker = await createTestWorker({
    connection: environment.nativeConnection,
    namespace: environment.namespace ?? 'default',
    bundle: await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  })
})
afterAll(async () => {
  await worker.stop()
  await environment.teardown()
})

it('a watch of three days looks once an hour, opens at its deadline and keeps a bounded number of readings', async () => {
  const config = { world: 'weeks' }
  const connection = {
    name: 'prom',
    provider: 'metrics/sim',
    port: 'metrics',
    config,
    landsWithin: '0s',
    showsWithin: '0s',
  } as const
  const world = openWorld('weeks')
  world.script([{ when: { port: 'metrics', verb: 'query', call: 'every' }, fault: { reading: 0 } }])
  const subject = guardSubject(guardOf({ query: 'error_ratio(new)', every: '1h' }), connection, 3)
  const handle = await environment.client.workflow.start('watching', {
    workflowId: 'weeks',
    taskQueue: 'cutover',
    args: [watchOf([subject]), 71.5 * HOUR_MS, null],
  })
  const result = (await handle.result()) as WatchResult
  expect(result.kind).toBe('passed')
  expect(world.calls({ port: 'metrics' }).length).toBe(72)
  const readings = result.readings['errors'] ?? []
  const [first, last] = [readings[0], readings.at(-1)].map((each) => Date.parse(each?.at ?? ''))
  expect(readings.length).toBeLessThanOrEqual(60)
  expect((last ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(68 * HOUR_MS)
  expect((await handle.fetchHistory()).events?.length).toBeLessThanOrEqual(11)
})
