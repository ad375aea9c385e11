// The workers in this process, for tests: the same as in production but for the world they are lent. Several may run at
// once and may be stopped and made anew. To be killed for real, a worker must be a process of its own (main.ts).
import { Client } from '@temporalio/client'
import type { NativeConnection, WorkflowBundleOption } from '@temporalio/worker'
import type { Registry } from '../activities/connect.ts'
import type { Deps } from '../activities/provider.ts'
import { failure } from '../activities/failure.ts'
import { loadWorkflowBundle } from './bundle.ts'
import type { Metrics } from './metrics.ts'
import { createWorkers, runAll } from './workers.ts'

export interface TestWorkerOptions {
  connection: NativeConnection
  /** One namespace per test file: the task queues of runs have fixed names. */
  namespace: string
  deps?: Partial<Deps>
  redact?: (text: string) => string
  /** Other providers than the shipped ones. */
  registry?: Registry
  /** From `loadWorkflowBundle()`: a second or two, so make it once per test file. Default: made here. */
  bundle?: WorkflowBundleOption
  /** How long calls under way may take when it stops; 0 = cancel what can be cancelled at once. */
  graceMs?: number
  metrics?: Metrics
  maxCachedWorkflows?: number
}

export interface TestWorker {
  client: Client
  /** Rejects when a worker fails by itself. */
  failed: Promise<never>
  /** Ends: no new tasks, calls under way end first (or are cancelled after the grace). */
  stop(): Promise<void>
}

const GRACE_MS = 5_000 // longer than any single call
const CACHED_MAX = 200 // more than any test runs at once

/** Starts serving and returns when all task queues are polled. */
export async function createTestWorker(options: TestWorkerOptions): Promise<TestWorker> {
  const { connection, namespace, deps, bundle, metrics, ...rest } = options
  const client = new Client({ connection, namespace })
  const stopping = new AbortController()
  const workers = await createWorkers({
    ...rest,
    connection,
    namespace,
    client,
    deps: { ...bareDeps(), ...deps },
    bundle: bundle ?? (await loadWorkflowBundle()),
    metrics: metrics ?? null,
    maxCachedWorkflows: rest.maxCachedWorkflows ?? CACHED_MAX,
    maxWatches: CACHED_MAX,
    shutdownGraceMs: rest.graceMs ?? GRACE_MS,
  })
  const running = runAll(workers, stopping.signal)
  const failed = running.then(() => new Promise<never>(() => {}))
  failed.catch(() => {}) // whoever cares awaits it
  return {
    client,
    failed,
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/** The outside world as a test has it: no secrets, no commands, a silent log. */
export function bareDeps(): Deps {
  return {
    fetch: globalThis.fetch,
    now: () => Date.now(),
    log: { warn: () => {}, debug: () => {} },
    secrets: {
      read: async (reference) => {
        throw failure('Config', `secret ${reference} is not set in this test`)
      },
    },
    commandFolder: null,
  }
}
