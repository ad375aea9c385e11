// The worker process: reads its environment, connects to Temporal, checks what runs will need, serves its task queues
// until it is told to stop. Everything that can be wrong is said before the first task is taken.
import type { Client } from '@temporalio/client'
import type { Logger, Worker } from '@temporalio/worker'
import { kubeOf } from '../activities/kubernetes/client.ts'
import { UnusablePackage } from '../activities/installed.ts'
import type { Deps } from '../activities/provider.ts'
import { connectSecrets, redact } from '../activities/secrets.ts'
import { keeperOf } from '../activities/traffic/flagger/keeper.ts'
import { JOB_QUEUE, TASK_QUEUE, WATCH_QUEUE } from '../workflows/activities.ts'
import { loadWorkflowBundle } from './bundle.ts'
import type { Environment, WorkerConfig } from './config.ts'
import { readConfig, unknownVariables } from './config.ts'
import { createDeps } from './deps.ts'
import { serveEndpoint } from './endpoint.ts'
import type { Listening } from './listen.ts'
import { serveGates } from './gates.ts'
import { installedProviders } from './installed.ts'
import { createLog } from './log.ts'
import type { CountRuns } from './metrics.ts'
import { createMetrics } from './metrics.ts'
import { keepMirrored } from './mirror/mirror.ts'
import { Refusal } from './refusal.ts'
import { keepRenewed } from './renewal.ts'
import { installRuntime } from './runtime.ts'
import { demandSearchAttributes } from './search-attributes.ts'
import type { Temporal } from './temporal.ts'
import { connectTemporal } from './temporal.ts'
import { createWorkers, runAll } from './workers.ts'

const MIRROR_CALL_MAX = '5s' // nobody waits for it

/** Serves until `signal` aborts. Exit code: 0 ended as asked, 1 could not start or failed, 2 configuration wrong. */
export async function runWorker(env: Environment, signal: AbortSignal): Promise<number> {
  try {
    const read = readConfig(env)
    if ('problems' in read) throw new Refusal(2, read.problems.join('\n'))
    const secrets = connectSecrets(env, read.config.secrets)
    const mask = (text: string): string => redact(text, secrets.known())
    const log = createLog({ form: read.config.log, redact: mask, write })
    for (const name of unknownVariables(env, read.config.secrets))
      log.warn(`${name} means nothing to a worker: cutover worker --help names what does`)
    installRuntime(log, read.config.sdkMetricsAddress)
    const registry = await installedProviders(read.config.providers)
    const temporal = await connectTemporal(env)
    try {
      await demandSearchAttributes(temporal)
      const deps = createDeps({ secrets, log, commandFolder: read.config.commandFolder })
      await serve({ temporal, config: read.config, log, signal, engine: { deps, registry, redact: mask } })
    } finally {
      await temporal.connection.close().catch((error: unknown) => {
        // Workers that never ran hold on to it. Why they did not is on its way to whoever started this, and matters more.
        log.debug('the connection was not closed', { error })
      })
    }
    return 0
  } catch (error) {
    if (error instanceof UnusablePackage) {
      write(`cutover worker: CUTOVER_PROVIDERS: ${error.message}\n  ${error.fix}`)
      return 2
    }
    if (!(error instanceof Refusal)) throw error
    write(`cutover worker: ${error.message}`)
    return error.exitCode
  }
}

function write(line: string): void {
  process.stderr.write(`${line}\n`)
}

interface Serving {
  temporal: Temporal
  config: WorkerConfig
  log: Logger
  signal: AbortSignal
  engine: Pick<Parameters<typeof createWorkers>[0], 'deps' | 'redact' | 'registry'>
}

async function serve({ temporal, config, log, signal, engine }: Serving): Promise<void> {
  const metrics = createMetrics(countRuns(temporal.client))
  const workers: Worker[] = []
  // First of all, so that a port that is taken is told before anything holds on to the connection.
  const endpoint = await endpointOf({ config, log, metrics, health: () => healthOf(workers) })
  let gates: Listening | null = null
  try {
    gates = await gatesOf(config, { deps: engine.deps, log })
    const created = await createWorkers({
      ...engine,
      ...temporal,
      metrics,
      bundle: await loadWorkflowBundle(config.bundleFolder),
      maxCachedWorkflows: config.maxCachedWorkflows,
      maxWatches: config.maxWatches,
      shutdownGraceMs: config.shutdownGraceMs,
    })
    workers.push(...created)
    const running = runAll(workers, signal)
    const renewing = keepRenewed({ temporal, workers, log, signal })
    // Without renewals the worker serves until its certificates are over: that is told, and no reason to stop serving now.
    renewing.catch((error: unknown) =>
      log.error('certificates are no longer renewed: restart the worker', { error }),
    )
    // Not waited for at the end: neither of its servers may hold up the other work of this process.
    mirrorOf({ config, temporal, log, metrics, deps: engine.deps, signal }).catch((error: unknown) =>
      log.error('runs are no longer shown in Kubernetes: restart the worker', { error }),
    )
    log.info(`serving ${TASK_QUEUE}, ${WATCH_QUEUE} and ${JOB_QUEUE}`, {
      temporal: temporal.address,
      namespace: temporal.namespace,
      endpoint: endpoint?.url ?? 'off',
      gates: gates?.url ?? 'off',
    })
    await running
    await renewing
    log.info('ended as asked')
  } finally {
    await gates?.close()
    await endpoint?.close()
  }
}

async function gatesOf(
  { flaggerAddress, flaggerKubeconfig }: WorkerConfig,
  { deps, log }: { deps: Parameters<typeof keeperOf>[1]; log: Logger },
): Promise<Listening | null> {
  if (flaggerAddress === null) return null
  return await serveGates(flaggerAddress, keeperOf({ kubeconfig: flaggerKubeconfig }, deps), log)
}

type Mirroring = Pick<Serving, 'config' | 'temporal' | 'log' | 'signal'> & {
  metrics: ReturnType<typeof createMetrics>
  deps: Deps
}

/** Beside everything else: whatever becomes of it, runs are served. */
async function mirrorOf({ config, temporal, log, metrics, deps, signal }: Mirroring): Promise<void> {
  if (config.mirror === null) return
  const { namespace, kubeconfig, context, keepMs } = config.mirror
  const kube = kubeOf(
    {
      namespace,
      timeout: MIRROR_CALL_MAX,
      ...(kubeconfig === null ? {} : { kubeconfig }),
      ...(context === null ? {} : { context }),
    },
    deps,
  )
  const missed = (): void => metrics.mirrorMissed.inc()
  log.info(`showing runs as Cutover objects in namespace ${namespace} of cluster ${kube.cluster}`)
  await keepMirrored({ access: temporal, kube, namespace, keepMs, log, missed, signal })
}

interface Watched {
  config: WorkerConfig
  log: Logger
  metrics: ReturnType<typeof createMetrics>
  health: Parameters<typeof serveEndpoint>[2]
}

/** A second worker on a machine finds the default port taken: it serves runs all the same, and says what it goes without. */
async function endpointOf({ config, log, metrics, health }: Watched): Promise<Listening | null> {
  const { metricsAddress, isMetricsAddressGiven } = config
  if (metricsAddress === null) return null
  try {
    return await serveEndpoint(metricsAddress, metrics.registry, health)
  } catch (error) {
    if (!(error instanceof Refusal) || isMetricsAddressGiven) throw error
    log.warn(`going on without /metrics and /healthz: ${error.message}`)
    return null
  }
}

function healthOf(workers: Worker[]): { isHealthy: boolean; workers: Record<string, string> } {
  const states = workers.map((worker) => [worker.options.taskQueue, worker.getState()] as const)
  const isHealthy = states.length > 0 && states.every(([, state]) => state === 'RUNNING')
  return { isHealthy, workers: Object.fromEntries(states) }
}

function countRuns(client: Client): CountRuns {
  return async (phase) => {
    try {
      const { count } = await client.workflow.count(
        `CutoverPhase = '${phase}' AND ExecutionStatus = 'Running'`,
      )
      return count
    } catch {
      return null // the server did not say; a scrape must not fail by it
    }
  }
}

if (import.meta.main) {
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1) // asked twice: calls under way are left to the time-outs of the server
      stop.abort()
    })
  }
  process.exitCode = await runWorker(process.env, stop.signal)
}
