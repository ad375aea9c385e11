// Temporal's native runtime: one per process, installed before anything else of the SDK is used.
import type { Logger } from '@temporalio/worker'
import { Runtime } from '@temporalio/worker'
import type { Address } from './config.ts'
import { Refusal } from './refusal.ts'

/** Raises a Refusal when the SDK's metrics cannot be served where they are wanted. */
export function installRuntime(log: Logger, sdkMetrics: Address | null): void {
  try {
    install(log, sdkMetrics)
  } catch (error) {
    if (sdkMetrics === null) throw error
    const why = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error)
    const where = `${sdkMetrics.host}:${sdkMetrics.port}`
    throw new Refusal(
      1,
      `the SDK's metrics cannot be served at ${where}: ${why}; set CUTOVER_SDK_METRICS_ADDRESS, or off`,
      error,
    )
  }
}

function install(log: Logger, sdkMetrics: Address | null): void {
  Runtime.install({
    logger: log,
    shutdownSignals: [], // the worker's own signal ends it, so that a second one can be harder
    telemetryOptions: {
      logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} },
      ...(sdkMetrics === null ? {} : { metrics: { prometheus: prometheusAt(sdkMetrics) } }),
    },
  })
}

function prometheusAt({ host, port }: Address) {
  const bindAddress = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return { bindAddress, countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true }
}
