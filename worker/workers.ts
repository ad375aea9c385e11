// The task queues of one process: runs and mutations on one, watches and long work on others, so that going back never queues
// behind them. Used by the worker and, with a simulated world, by tests.
import type { Client } from '@temporalio/client'
import type { NativeConnection, WorkflowBundleOption } from '@temporalio/worker'
import { Worker } from '@temporalio/worker'
import { changeActivities, jobActivities, surveyActivities, watchActivities } from '../activities/engine.ts'
import type { EngineOptions } from '../activities/engine.ts'
import { JOB_QUEUE, TASK_QUEUE, WATCH_QUEUE } from '../workflows/activities.ts'
import type { Metrics } from './metrics.ts'
import { measureSinks } from './sinks.ts'

const STICKY_MS = 2_000 // a dead worker's tasks go to another one after this: more than a burst of a hundred aborts takes, less than a person notices
const CHANGES_AT_ONCE = 200 // 100 aborts at once, each restoring two targets; every call ends itself within 4 s

const JOBS_AT_ONCE = 100 // each mostly waits for its pace

export interface WorkersOptions extends Omit<EngineOptions, 'client'> {
  connection: NativeConnection
  namespace: string
  client: Client
  bundle: WorkflowBundleOption
  metrics: Metrics | null
  maxCachedWorkflows: number
  maxWatches: number
  shutdownGraceMs: number
  /** After this long past the grace, calls under way are dropped; undefined = never. */
  shutdownForceMs?: number
}

/** The workers, not running yet. */
export async function createWorkers(options: WorkersOptions): Promise<Worker[]> {
  const { connection, namespace, bundle, metrics, ...rest } = options
  const shared = {
    connection,
    namespace,
    shutdownGraceTime: rest.shutdownGraceMs,
    ...(rest.shutdownForceMs === undefined ? {} : { shutdownForceTime: rest.shutdownForceMs }),
  }
  const changes = await Worker.create({
    ...shared,
    taskQueue: TASK_QUEUE,
    workflowBundle: bundle,
    activities: { ...changeActivities(options), ...surveyActivities(options) },
    sinks: measureSinks(metrics),
    maxCachedWorkflows: rest.maxCachedWorkflows,
    stickyQueueScheduleToStartTimeout: STICKY_MS,
    maxConcurrentActivityTaskExecutions: CHANGES_AT_ONCE,
  })
  const watches = await Worker.create({
    ...shared,
    taskQueue: WATCH_QUEUE,
    activities: watchActivities(options),
    maxConcurrentActivityTaskExecutions: rest.maxWatches,
  })
  const jobs = await Worker.create({
    ...shared,
    taskQueue: JOB_QUEUE,
    activities: jobActivities(options),
    maxConcurrentActivityTaskExecutions: JOBS_AT_ONCE,
    maxConcurrentActivityTaskPolls: 1, // they come seldom
    maxHeartbeatThrottleInterval: '1s', // what a dead worker has done since is done again
  })
  return [changes, watches, jobs]
}

/** Runs all until `signal` aborts, or until one fails: then the others end too, and its error is raised. */
export async function runAll(workers: Worker[], signal: AbortSignal): Promise<void> {
  const stopAll = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  }
  const runs = workers.map((worker) => worker.run())
  signal.addEventListener('abort', stopAll, { once: true })
  if (signal.aborted) stopAll()
  for (const run of runs) run.catch(stopAll)
  const ends = await Promise.allSettled(runs)
  signal.removeEventListener('abort', stopAll)
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}
