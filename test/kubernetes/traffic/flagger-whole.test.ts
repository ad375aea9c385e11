// Whole runs over a Canary of Flagger: the engine, a Temporal server and Flagger itself, each at its own pace. There, with the old side
// left standing; and back by a breach.
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startRun } from '../../../client/run/start.ts'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { type Temporal, startTemporal } from '../../../lab/servers/temporal.ts'
import { type Steered, startSteered } from '../../../lab/steered.ts'
import { until } from '../../../lab/until.ts'
import type { cutover } from '../../../workflows/cutover.ts'
import { state, workflowIdOf } from '../../../workflows/messages.ts'
import { type TestWorker, createTestWorker } from '../../../worker/testing.ts'
import {
  type FlaggerGround,
  canaryOf,
  configOf,
  deploy,
  putCanary,
  startClock,
  startFlaggerGround,
  weightsOf,
} from './flagger-ground.ts'

const RUN_MS_MAX = 120_000 // four shares, each some analyses away, on busy cores

let metrics: Steered
let ground: FlaggerGround
let temporal: Temporal
let connection: NativeConnection
let client: Client
let worker: TestWorker
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  metrics = await startSteered()
  ground = await startFlaggerGround(metrics.url)
  temporal = await startTemporal()
  connection = await NativeConnection.connect({ address: temporal.address })
  client = new Client({ connection, namespace: 'default' })
  worker = await createTestWorker({ connection, namespace: 'default', deps: ground.deps() })
})
afterAll(async () => {
  await worker?.stop()
  await connection?.close()
  await temporal?.server.close()
  await ground?.end()
  metrics?.close()
})

async function begin(service: string, steps: object[]) {
  const text = stringify({
    cutover: 'v1',
    service,
    drain: '1s',
    connections: {
      edge: { provider: 'traffic/flagger', ...configOf(ground, service) },
      prom: { provider: 'metrics/prometheus', url: metrics.url },
    },
    guards: {
      errors: {
        from: 'prom',
        query: `errors{app="${service}"}`,
        max: 0.5,
        every: '1s',
        breach: '2 in a row',
      },
    },
    steps,
  })
  const { plan, problems } = await checkRunbook(text, { file: 'flagger.yaml' })
  if (plan === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  await startRun({ client, address: 'here', namespace: 'default' }, plan, { actor: 'maria', despite: [] })
  return client.workflow.getHandle<typeof cutover>(workflowIdOf(service))
}
const gate = { good: '1 in a row', samples: 0 }

it(
  'goes there by the steps that Flagger takes, completes with the old side standing, and is not promoted',
  async () => {
    await putCanary(ground, 'there')
    await deploy(ground, 'there')
    const clock = startClock(ground, 'there')
    try {
      const run = await begin('there', [
        { canary: { connection: 'edge', weights: ['10%', '50%'], hold: '1s', ...gate } },
        { switch: { connection: 'edge', hold: '1s', ...gate } },
      ])
      expect(await run.result()).toMatchObject({ outcome: 'completed' })
    } finally {
      await clock.end()
    }
    expect(await weightsOf(ground, 'there')).toEqual([0, 100])
    const { status } = await canaryOf(ground, 'there')
    expect(status?.lastPromotedSpec).not.toBe(status?.lastAppliedSpec)
  },
  RUN_MS_MAX,
)

it(
  'goes back by a breach; restored is said when Flagger has given the revision up',
  async () => {
    await putCanary(ground, 'back')
    await deploy(ground, 'back')
    const clock = startClock(ground, 'back')
    try {
      const run = await begin('back', [
        { canary: { connection: 'edge', weights: ['10%', '50%'], hold: '1h', ...gate } },
      ])
      await until(
        'the run holds 10 %',
        async () => {
          const now = (await run.query(state)).state
          return now.holding !== null && now.weights['edge']?.new === 10
        },
        RUN_MS_MAX / 2,
      )
      metrics.set('back', 1)
      expect(await run.result()).toMatchObject({ outcome: 'restored' })
    } finally {
      await clock.end()
    }
    expect(await weightsOf(ground, 'back')).toEqual([100, 0])
    expect((await canaryOf(ground, 'back')).status?.phase).toBe('Failed')
  },
  RUN_MS_MAX,
)
