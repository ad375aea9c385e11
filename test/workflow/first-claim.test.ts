// What a run is looked at for before it claims anything: that its plan is the one agreed to, and that this worker's version
// can carry it out. Whatever is wrong is said in words, nothing is touched, and no run is wedged.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockIdOf } from '../../activities/change/claim.ts'
import { headline } from '../../client/output/run-text.ts'
import { exitCodeOf } from '../../client/exit-codes.ts'
import { survey } from '../../client/runbook/survey.ts'
import { readRun } from '../../view/read.ts'
import { createMetrics } from '../../worker/metrics.ts'
import type { JsonObject } from '../../workflows/json.ts'
import type { Plan, PlannedConnection } from '../../workflows/plan.ts'
import { type Bench, eventually, openBench } from './bench.ts'
import { brief } from './runbooks.ts'

let bench: Bench
const metrics = createMetrics(async () => null)
beforeAll(async () => {
  bench = await openBench({ worker: false })
  await bench.startWorker({ metrics })
})
afterAll(() => bench.close())

type Loose = { -readonly [K in keyof Plan]: unknown }

test.each<[string, (plan: Loose) => void, RegExp]>([
  [
    'a plan that was changed after its digest was made',
    (plan) => (plan['drain'] = '3s'),
    /the start failed: Config: the plan is not the one that was agreed to: it names digest \w{12}, its content has \w{12}/,
  ],
  [
    'a plan of a newer version',
    (plan) => (plan['planVersion'] = 2),
    /the start failed: Unsupported: the plan has version 2, this worker knows versions up to 1; run workers of the version/,
  ],
  [
    'a plan of a newer version in a form of its own',
    (plan) => Object.assign(plan, { planVersion: 3, steps: { first: {} }, targets: 'other', notify: null }),
    /the plan has version 3/,
  ],
  [
    'a plan without a version',
    (plan) => delete plan['planVersion' as never],
    /the plan has version undefined/,
  ],
  [
    'a step of a kind that it does not know',
    (plan) => Object.assign((plan['steps'] as { kind: string }[])[1] as object, { kind: 'backfill' }),
    /the start failed: Unsupported: this worker does not know the kind of s02-/,
  ],
])('%s is refused in words before anything is claimed', async (_name, tamper, why) => {
  const run = await bench.begin(brief, { tamper: (plan) => void tamper(plan as unknown as Loose) })
  expect(await run.ended()).toMatchObject({ outcome: 'restored' })
  expect(run.world.snapshot()).toBe(run.before)
  const { view } = await readRun({ client: bench.env.client, address: '', namespace: 'default' }, run.service)
  expect(headline(view)).toMatch(/^restored: nothing was changed; /)
  expect(view.reason?.text).toMatch(why)
  expect(exitCodeOf(view)).toBe(1)
  for (const lock of run.plan.targets?.flatMap?.(({ locks }) => locks) ?? [])
    await expect(bench.env.client.workflow.getHandle(lockIdOf(lock)).describe()).rejects.toThrow(/not found/)
})

test('a plan of a newer version is refused in words before the run is started, when the world is looked at', async () => {
  const run = await bench.begin(brief)
  const access = { client: bench.env.client, address: '', namespace: 'default' }
  const plan = { ...run.plan, planVersion: 2 } as unknown as Plan
  await expect(survey({ plan, access, signal: new AbortController().signal })).rejects.toMatchObject({
    what: 'the worker cannot carry out this plan',
    why: expect.stringMatching(/^the plan has version 2, this worker knows versions up to 1; run workers of/),
  })
  await run.abort()
  await run.ended()
})

test('a state that could not be set again is a problem of the plan: there would be no way back to it', async () => {
  const run = await bench.begin(brief)
  const access = { client: bench.env.client, address: '', namespace: 'default' }
  const edge = run.plan.connections['edge'] as PlannedConnection
  const config = { ...(edge.config as JsonObject), world: `${run.service}-idle`, old: 0, new: 0 }
  const connections = { ...run.plan.connections, edge: { ...edge, config } }
  const plan: Plan = { ...run.plan, connections }
  const { looks } = await survey({ plan, access, signal: new AbortController().signal })
  expect(looks.filter(({ problem }) => problem !== null)).toEqual([
    {
      connection: 'edge',
      target: 'split',
      observed: expect.objectContaining({ value: { old: 0, new: 0 } }),
      problem: expect.stringMatching(
        /^Rejected: .*every request would fail; it is so now, so there would be no way back to it: set it to something else first$/,
      ),
    },
  ])
  await run.abort()
  await run.ended()
})

test('a look at the world ends with the person who asked for it, also when a backend hangs', async () => {
  const run = await bench.begin(brief)
  run.world.script([{ when: { port: 'traffic', verb: 'observe', call: 'every' }, fault: { hang: 60_000 } }])
  const gone = new AbortController()
  const access = { client: bench.env.client, address: '', namespace: 'default' }
  const looking = survey({ plan: run.plan, access, signal: gone.signal })
  const surveys = async () => {
    const query = 'WorkflowType = "survey" AND ExecutionStatus = "Running"'
    return (await Array.fromAsync(bench.env.client.workflow.list({ query }))).length
  }
  await eventually('it is under way', async () => (await surveys()) === 1)
  gone.abort()
  await expect(looking).rejects.toThrow()
  await eventually('nobody looks any more', async () => (await surveys()) === 0)
  await run.handle.terminate('its world hangs')
})

test('a provider that this worker does not have is found before anything is changed', async () => {
  const run = await bench.begin(brief, {
    adjust: ({ connections }) => Object.assign(connections['edge'] ?? {}, { provider: 'traffic/tomorrow' }),
  })
  expect(await run.ended()).toMatchObject({
    outcome: 'restored',
    reason: {
      message: expect.stringMatching(/connection edge: this worker has no provider "traffic\/tomorrow"/),
    },
  })
  expect(run.world.snapshot()).toBe(run.before)
})

test('a state of a newer version is left to a newer worker: the task fails in words, and nothing is recorded', async () => {
  const run = await bench.begin(brief)
  const { state, plan } = { state: await run.state(), plan: run.plan }
  await run.abort()
  await run.ended()
  const { client } = bench.env
  const workflowId = `${run.handle.workflowId}-newer`
  const handle = await client.workflow.start('cutover', {
    workflowId,
    taskQueue: 'cutover',
    args: [plan, { startedBy: 'ana' }, { ...state, stateVersion: 2 }],
  })
  const access = { client, address: '', namespace: 'default' }
  await eventually('the task has failed', async () => {
    const { events } = await handle.fetchHistory()
    return events?.some((event) => event.workflowTaskFailedEventAttributes) === true
  })
  const { view } = await readRun(access, workflowId.replace('cutover/', ''))
  expect(view.stale?.why).toMatch(
    /^a worker is there, but its workflow task fails: .*the state has version 2, this worker knows versions up to 1/,
  )
  const { events } = await handle.fetchHistory()
  expect(events?.some((event) => event.activityTaskScheduledEventAttributes)).toBe(false)
  await handle.terminate('the test has ended')
})

test('the share of a run that has ended is not shown any more', async () => {
  const run = await bench.begin((names) => brief(names, { hold: '1s' }))
  await run.until('a share is shown', ({ weights }) => (weights['edge']?.new ?? 0) > 0)
  const shown = async () =>
    (await metrics.registry.getSingleMetricAsString('cutover_weight')).includes(run.service)
  await eventually('the metric', shown)
  await run.ended()
  await eventually('the metric is gone', async () => !(await shown()))
})
