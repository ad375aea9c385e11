// One run on a time-skipping server of its own: days pass in seconds. That server wants one workflow at a time, so locks
// (which are workflows) are not taken here; the simulated world follows the server's clock.
import { join } from 'node:path'
import { Context } from '@temporalio/activity'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import type { InjectedSinks, WorkflowBundle } from '@temporalio/worker'
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker'
import { changeActivities, watchActivities } from '../../activities/engine.ts'
import { beginWorlds } from '../../activities/sim/begin.ts'
import type { World } from '../../activities/sim/world.ts'
import { forgetWorld, openWorld } from '../../activities/sim/world.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import { BUNDLE_OPTIONS } from '../../worker/bundle.ts'
import { measureSinks } from '../../worker/sinks.ts'
import { TASK_QUEUE, WATCH_QUEUE } from '../../workflows/activities.ts'
import type { cutover } from '../../workflows/cutover.ts'
import { approve, state, workflowIdOf } from '../../workflows/messages.ts'
import type { Result } from '../../workflows/run/end.ts'
import { eventually, planOf } from '../workflow/bench.ts'
import { deps } from '../workflow/deps.ts'
import type { KeptBackSinks } from './without-attributes.ts'

const logger = new DefaultLogger('ERROR')

export interface Days {
  result: Result
  /** As they would be on a server that knows search attributes. */
  events: number
  /** From start to end, on the server's clock. */
  lastedMs: number
  /** The longest time in which nothing was written to the history. */
  silenceMs: number
  looks: number
  steps: number
  /** How often people were asked, approvals aside. */
  asked: number
  /** The state at the end, as a query answers it. */
  stateBytes: number
}

/** What happens in the world as time passes; called whenever the world is looked at. */
export type AsTimePasses = (world: World, sinceStartMs: number) => void

let bundle: Promise<WorkflowBundle> | null = null

/** Carries out the runbook, approving its first gate; `service` names its world too. */
export async function passDays(
  service: string,
  runbook: string,
  asTimePasses: AsTimePasses = () => {},
): Promise<Days> {
  if (bundle === null)
    Runtime.install({
      logger,
      telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
      shutdownSignals: [],
    })
  bundle ??= bundleWorkflowCode({
    ...BUNDLE_OPTIONS,
    workflowInterceptorModules: [join(import.meta.dirname, 'without-attributes.ts')],
    logger,
  })
  const executable = { type: 'existing-path', path: requireServer('temporal-test-server') } as const
  const env = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } })
  const kept = { back: 0 }
  const workers = await createWorkers(env, await bundle, () => (kept.back += 1))
  const running = workers.map((worker) => worker.run())
  const plan = await planOf(runbook)
  const startMs = await env.currentTimeMs()
  const clock = serverClock(startMs)
  const world: World = openWorld(service, {
    now: () => {
      const now = clock()
      if (calledAt() !== null) asTimePasses(world, now - startMs)
      return now
    },
  })
  beginWorlds(Object.values(plan.connections), deps)
  try {
    const handle = await env.client.workflow.start<typeof cutover>('cutover', {
      taskQueue: TASK_QUEUE,
      workflowId: workflowIdOf(service),
      args: [plan, { startedBy: 'starter', keepsCut: true }],
    })
    await answerFirstGate(handle)
    const result = await handle.result()
    const { state: end } = await handle.query(state)
    const { events } = await handle.fetchHistory()
    return {
      result,
      events: (events?.length ?? 0) + kept.back,
      lastedMs: (end.endedAt ?? 0) - end.startedAt,
      silenceMs: longestGap((events ?? []).map(({ eventTime }) => Number(eventTime?.seconds ?? 0) * 1_000)),
      looks: looksOf(world),
      steps: plan.steps.length,
      asked: end.log.filter(({ text }) => /^asking: .*evidence/.test(text)).length,
      stateBytes: JSON.stringify(end).length,
    }
  } finally {
    for (const worker of workers) worker.shutdown()
    await Promise.allSettled(running)
    await env.teardown()
    forgetWorld(service)
  }
}

async function createWorkers(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundle,
  count: () => void,
) {
  const of = { connection: env.nativeConnection, namespace: env.namespace ?? 'default' }
  const listener: InjectedSinks<KeptBackSinks> = {
    keptBack: { attributes: { fn: count, callDuringReplay: false } },
  }
  const noLocks = { claim: async () => {}, release: async () => {} }
  const options = { deps, client: env.client }
  return [
    await Worker.create({
      ...of,
      taskQueue: TASK_QUEUE,
      workflowBundle,
      activities: { ...changeActivities(options), ...noLocks },
      sinks: { ...measureSinks(null), ...listener },
    }),
    await Worker.create({ ...of, taskQueue: WATCH_QUEUE, activities: { ...watchActivities(options) } }),
  ]
}

/** The server's time, as the call under way was told it; between calls the latest known. */
function serverClock(startMs: number): () => number {
  let latest = startMs
  return () => {
    latest = Math.max(latest, calledAt() ?? 0)
    return latest
  }
}

function calledAt(): number | null {
  try {
    return Context.current().info.currentAttemptScheduledTimestampMs
  } catch {
    return null // nobody calls: the test itself looks
  }
}

type Handle = Awaited<ReturnType<TestWorkflowEnvironment['client']['workflow']['start']>>

/** By signal: on this server an update may hang. Time stands still meanwhile. */
async function answerFirstGate(handle: Handle): Promise<void> {
  let gate = ''
  await eventually('the run asks', async () => {
    const now = await handle.query(state)
    gate = now.state.gates[0]?.id ?? ''
    return gate !== ''
  })
  await handle.signal(approve, { actor: 'ana', gate, reason: 'days may pass' })
}

function looksOf(world: World): number {
  return world.calls({ port: 'metrics', verb: 'query' }).length
}

function longestGap(moments: number[]): number {
  return Math.max(0, ...moments.map((moment, at) => moment - (moments[at - 1] ?? moment)))
}
