// Whole runs over a Canary of Flagger: a worker that serves them and answers the gates, a Temporal server and Flagger itself, each a
// process at its own pace. There, with the old side left standing; back by a breach; and with the only worker killed in between.
import { Client, Connection } from '@temporalio/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { startRun } from '../../../client/run/start.ts'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { type Temporal, startTemporal } from '../../../lab/servers/temporal.ts'
import { freePort } from '../../../lab/ports.ts'
import { type LabWorker, startWorker, temporalEnvironment } from '../../../lab/stage/worker.ts'
import { type Steered, startSteered } from '../../../lab/steered.ts'
import { until } from '../../../lab/until.ts'
import type { cutover } from '../../../workflows/cutover.ts'
import { abort, approve, state, workflowIdOf } from '../../../workflows/messages.ts'
import { WORKER } from '../ground.ts'
import {
  type FlaggerGround,
  canaryOf,
  configOf,
  deploy,
  imageOf,
  putCanary,
  startClock,
  startFlaggerGround,
  tick,
  weightsOf,
} from './flagger-ground.ts'

const TICKS = 5 // of the analysis, with nobody to answer
const RUN_MS_MAX = 120_000 // four shares, each some analyses away, on busy cores

let metrics: Steered
let ground: FlaggerGround
let temporal: Temporal
let connection: Connection
let client: Client
let worker: LabWorker
beforeAll(async () => {
  metrics = await startSteered()
  ground = await startFlaggerGround(metrics.url)
  await ground.gates.stop() // the worker's are the only ones
  const gates = `127.0.0.1:${await freePort()}`
  ground.gates.url = `http://${gates}`
  temporal = await startTemporal()
  connection = await Connection.connect({ address: temporal.address })
  client = new Client({ connection, namespace: 'default' })
  worker = await startWorker({
    ...temporalEnvironment({ temporal }),
    KUBECONFIG: ground.kubernetes.kubeconfig(WORKER.token),
    CUTOVER_FLAGGER_ADDRESS: gates,
    CUTOVER_FLAGGER_KUBECONFIG: 'env:KUBECONFIG',
  })
})
afterAll(async () => {
  await connection?.close()
  await worker?.server.close()
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
const holds = (run: Awaited<ReturnType<typeof begin>>, share: number) =>
  until(
    `the run holds ${share} %`,
    async () => {
      const now = (await run.query(state)).state
      return now.holding !== null && now.weights['edge']?.new === share
    },
    RUN_MS_MAX / 2,
  )
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
  'promotes as the last step, when a person has said so: the primary runs the new revision, and an abort is refused',
  async () => {
    await putCanary(ground, 'promoted')
    await deploy(ground, 'promoted')
    const clock = startClock(ground, 'promoted')
    try {
      const run = await begin('promoted', [
        { canary: { connection: 'edge', weights: ['10%', '50%'], hold: '1s', ...gate } },
        { switch: { connection: 'edge', hold: '1s', ...gate } },
        { promote: { connection: 'edge', people: ['ana'], ...gate } },
      ])
      const isAsked = async () => (await run.query(state)).state.gates.find(({ kind }) => kind === 'approval')
      const asked = await until('people are asked', async () => (await isAsked()) ?? false, RUN_MS_MAX / 2)
      expect((await canaryOf(ground, 'promoted')).status?.phase, 'held').not.toMatch(/Promoting|Succeeded/)
      await worker.server.kill()
      await worker.server.start()
      await run.signal(approve, { gate: asked.id, actor: 'ana', reason: 'all is well' })
      const isPast = async () => (await run.query(state)).state.pointOfNoReturn !== null
      await until('it is ordered', isPast, RUN_MS_MAX / 2)
      await run.signal(abort, { actor: 'maria', reason: 'too late' })
      expect(await run.result()).toMatchObject({ outcome: 'completed' })
    } finally {
      await clock.end()
    }
    const { status } = await canaryOf(ground, 'promoted')
    expect(status).toMatchObject({ phase: 'Succeeded', lastPromotedSpec: status?.lastAppliedSpec })
    expect(await weightsOf(ground, 'promoted')).toEqual([100, 0])
    expect(await imageOf(ground, 'promoted-primary')).toBe(await imageOf(ground, 'promoted'))
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
      await holds(run, 10)
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

it(
  'holds while the only worker is dead, and with another one goes back as it is told to',
  async () => {
    await putCanary(ground, 'killed')
    await deploy(ground, 'killed')
    const clock = startClock(ground, 'killed')
    try {
      const run = await begin('killed', [
        { canary: { connection: 'edge', weights: ['10%', '50%'], hold: '1h', ...gate } },
      ])
      await holds(run, 10)
      await worker.server.kill()
      await run.signal(abort, { actor: 'maria', reason: 'nobody is there' })
      for (let ticks = 0; ticks < TICKS; ticks++) {
        await tick(ground, 'killed')
        expect(await weightsOf(ground, 'killed')).toEqual([90, 10])
      }
      expect((await canaryOf(ground, 'killed')).status?.phase).toBe('Progressing')
      await worker.server.start()
      expect(await run.result()).toMatchObject({ outcome: 'restored' })
    } finally {
      await clock.end()
    }
    expect(await weightsOf(ground, 'killed')).toEqual([100, 0])
    expect((await canaryOf(ground, 'killed')).status?.phase).toBe('Failed')
  },
  RUN_MS_MAX,
)
