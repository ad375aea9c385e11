// What every workflow test stands on: a Temporal dev server, both workers in this process, many runs side by side, each with
// a service and a simulated world of its own. Judges nothing; the tests do.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, bundleWorkflowCode } from '@temporalio/worker'
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client'
import { connector } from '../../activities/connect.ts'
import { beginWorlds } from '../../activities/sim/begin.ts'
import { openWorld } from '../../activities/sim/world.ts'
import type { World } from '../../activities/sim/world.ts'
import { checkRunbook } from '../../client/runbook/load.ts'
import { digestOf, withFound } from '../../client/runbook/resolve.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import { BUNDLE_OPTIONS, loadWorkflowBundle } from '../../worker/bundle.ts'
import { createTestWorker } from '../../worker/testing.ts'
import type { TestWorker, TestWorkerOptions } from '../../worker/testing.ts'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import type { cutover } from '../../workflows/cutover.ts'
import {
  WORKFLOW_TASK_TIMEOUT,
  abort,
  attributes,
  decide,
  state as stateQuery,
  workflowIdOf,
} from '../../workflows/messages.ts'
import type { Found, Plan, PlannedConnection } from '../../workflows/plan.ts'
import type { Result } from '../../workflows/run/end.ts'
import type { Decided, Decision, Gate, RunState } from '../../workflows/run/state.ts'
import { ASK_AGAIN } from '../../workflows/tasks-only.ts'
import { deps } from './deps.ts'

const END_MS = 120_000 // a run of seconds that is not over by then hangs
const QUERY_TRIES = 5 // each for ten seconds
const LOOK_MS = 60 // between looks at a condition

export interface Bench {
  env: TestWorkflowEnvironment
  /** Loads the runbook, makes the world whole, keeps its beginning, starts the run. */
  begin(runbook: (names: { service: string; world: string }) => string, options?: Begin): Promise<Run>
  startWorker(options?: Partial<TestWorkerOptions>): Promise<TestWorker>
  /** Ends every worker; calls under way are cancelled. */
  stopWorkers(): Promise<void>
  close(): Promise<void>
}

export interface Begin {
  startedBy?: string
  /** Called with the world before the run starts: the place for scripts. */
  prepare?(world: World): void
  /** What the targets hold is part of the plan, as when `cutover start` has looked at them. */
  found?: boolean
  /** What no runbook can say, of the plan. */
  adjust?(plan: Plan): void
  /** The same behind the back of the digest. */
  tamper?(plan: Plan): void
  /** Share the world of an earlier run. */
  world?: string
  /** Run the same service again. */
  service?: string
}

export interface Run {
  service: string
  plan: Plan
  world: World
  /** The world's snapshot before the run. */
  before: string
  handle: WorkflowHandleWithFirstExecutionRunId<typeof cutover>
  /** The result, or a failure to end in time that says where the run stands. */
  ended(): Promise<Result>
  state(): Promise<RunState>
  decide(decision: Partial<Decision> & Pick<Decision, 'verdict'>): Promise<Decided>
  abort(reason?: string): Promise<void>
  /** Waits until the state is as wanted. */
  until(what: string, wanted: (state: RunState) => boolean): Promise<RunState>
  gate(kind?: Gate['kind']): Promise<Gate>
}

export interface BenchOptions {
  /** `key=value` of the server's dynamic configuration. */
  dynamicConfig?: string[]
  /** False: no worker is started. */
  worker?: boolean
  /** The entry of the workflow bundle, a file of this folder; default: the shipped one. */
  workflows?: string
}

let counter = 0
let isQuiet = false

/** As the shipped bundle is made, of another entry. */
export async function bundleOf(workflows: string): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL(workflows, import.meta.url))
  const entry = { workflowsPath, preloadModules: [workflowsPath] }
  return await bundleWorkflowCode({ ...BUNDLE_OPTIONS, ...entry, logger: new DefaultLogger('ERROR') })
}

/** The same in a file, for workers in processes of their own. */
export async function bundleFileOf(workflows: string): Promise<string> {
  const { code } = await bundleOf(workflows)
  const codePath = join(mkdtempSync(join(tmpdir(), 'cutover-bundle-')), 'workflows.js')
  writeFileSync(codePath, code)
  return codePath
}

export async function openBench({
  dynamicConfig = [],
  worker = true,
  workflows,
}: BenchOptions = {}): Promise<Bench> {
  const temporal: string = requireServer('temporal')
  if (!isQuiet) Runtime.install({ logger: new DefaultLogger('ERROR') })
  isQuiet = true // a process has one runtime
  const [env, bundle] = await Promise.all([
    TestWorkflowEnvironment.createLocal({
      server: {
        log: { format: 'pretty', level: 'never' }, // a busy test machine is none of its affairs
        executable: { type: 'existing-path', path: temporal },
        searchAttributes: Object.values(attributes),
        extraArgs: dynamicConfig.flatMap((setting) => ['--dynamic-config-value', setting]),
      },
    }),
    workflows === undefined ? loadWorkflowBundle() : bundleOf(workflows),
  ])
  const workers = new Set<TestWorker>()
  const startWorker: Bench['startWorker'] = async (options = {}) => {
    const made = await createTestWorker({
      connection: env.nativeConnection,
      namespace: env.namespace ?? 'default',
      bundle,
      deps,
      graceMs: 0,
      ...options,
    })
    workers.add(made)
    const { stop } = made
    return {
      ...made,
      stop: async () => {
        workers.delete(made)
        await stop()
      },
    }
  }
  const stopWorkers = async () => {
    await Promise.all([...workers].map((each) => each.stop()))
    workers.clear()
  }
  if (worker) await startWorker()
  return {
    stopWorkers,
    env,
    startWorker,
    begin: (runbook, options = {}) => begin(env, runbook, options),
    async close() {
      await stopWorkers().catch(() => {}) // it ends with its server anyway
      await env.teardown()
    },
  }
}

async function begin(
  env: TestWorkflowEnvironment,
  runbook: Parameters<Bench['begin']>[0],
  options: Begin,
): Promise<Run> {
  const service = options.service ?? `svc-${process.pid}-${++counter}`
  const worldName = options.world ?? service
  const offline = await planOf(runbook({ service, world: worldName }))
  options.adjust?.(offline)
  beginWorlds(Object.values(offline.connections), deps)
  const plan = options.found === true ? withFound(offline, await lookAt(offline)) : offline
  plan.digest = digestOf(plan)
  options.tamper?.(plan)
  const world = openWorld(worldName)
  const before = world.snapshot()
  options.prepare?.(world)
  const handle = await env.client.workflow.start<typeof cutover>('cutover', {
    taskQueue: TASK_QUEUE,
    workflowId: workflowIdOf(service),
    args: [plan, { startedBy: options.startedBy ?? 'starter', keepsCut: true }],
    workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
  return runOf(handle, { service, plan, world, before })
}

export async function planOf(text: string): Promise<Plan> {
  const loaded = await checkRunbook(text, { file: 'test.yaml' })
  if (loaded.plan === undefined)
    throw new Error(loaded.problems.map((each) => `${each.line}: ${each.message}`).join('\n'))
  return loaded.plan
}

/** What every target of the plan holds now. */
async function lookAt(plan: Plan): Promise<Found[]> {
  const { changingOf } = connector(deps)
  const io = { signal: AbortSignal.timeout(END_MS) }
  return await Promise.all(
    plan.targets.map(async ({ connection, target }) => {
      const { value } = await changingOf(plan.connections[connection] as PlannedConnection).observe(
        target,
        io,
      )
      return { connection, target, value }
    }),
  )
}

export function runOf(handle: Run['handle'], facts: Pick<Run, 'service' | 'plan' | 'world' | 'before'>): Run {
  const query = () => patiently(async () => (await handle.query(stateQuery)).state)
  const until: Run['until'] = async (what, wanted) => {
    const seen: { state: RunState | null } = { state: null }
    await eventually(`${facts.service}: ${what}`, async () => {
      seen.state = await query()
      return wanted(seen.state)
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${story(seen.state)}`, { cause: error })
    })
    return seen.state as RunState
  }
  return {
    ...facts,
    handle,
    state: query,
    until,
    async ended() {
      const { promise, reject } = Promise.withResolvers<never>()
      const timer = setTimeout(() => {
        query().then(
          (now) => reject(new Error(`${facts.service} has not ended in time\n${story(now)}`)),
          reject,
        )
      }, END_MS)
      return await Promise.race([handle.result(), promise]).finally(() => clearTimeout(timer))
    },
    decide: (decision) => handle.executeUpdate(decide, { args: [decisionOf(decision)] }),
    abort: async (reason = 'test') => await handle.signal(abort, { actor: 'ana', reason }),
    async gate(kind) {
      const of = ({ gates }: RunState) => gates.find((gate) => kind === undefined || gate.kind === kind)
      const now = await until(`asks (${kind ?? 'anything'})`, (each) => of(each) !== undefined)
      return of(now) as Gate
    },
  }
}

/**
 * A worker that a busy machine holds up answers late, and one that takes over asks to be asked again (workflows/tasks-only.ts):
 * that says nothing of the run.
 */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + END_MS
  for (let tries = 1; ; tries++) {
    try {
      return await ask()
    } catch (error) {
      if (String(error).includes(ASK_AGAIN) && Date.now() < end) {
        tries = 0
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
        continue
      }
      if (tries === QUERY_TRIES || !String((error as Error).cause).includes('DEADLINE_EXCEEDED')) throw error
    }
  }
}

function decisionOf(decision: Partial<Decision> & Pick<Decision, 'verdict'>): Decision {
  return {
    decisionId: `d-${++counter}`,
    gate: null,
    actor: 'ana',
    reason: 'test',
    digest: null,
    ...decision,
  }
}

/** Looks until it is so; a look that throws is one more "not yet". */
export async function eventually(
  what: string,
  look: () => boolean | Promise<boolean>,
  deadlineMs = END_MS,
): Promise<void> {
  const end = Date.now() + deadlineMs
  let last: unknown = 'not so'
  while (Date.now() < end) {
    try {
      if (await look()) return
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw new Error(`${what}: not in ${deadlineMs} ms; last: ${String(last)}`)
}

/** Works off all jobs, so many at once. */
export async function bounded<T, R>(jobs: T[], atOnce: number, work: (job: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const lane = async () => {
    while (next < jobs.length) {
      const at = next++
      results[at] = await work(jobs[at] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, lane))
  return results
}

/** The log of a run with seconds, for failing tests. */
export function story(state: RunState | null): string {
  if (state === null) return 'no state'
  const lines = state.log.map(({ at, text }) => `${((at - state.startedAt) / 1_000).toFixed(2)} ${text}`)
  return [`phase ${state.phase}`, ...lines].join('\n')
}
