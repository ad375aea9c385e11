// Temporal's native runtime: one per process, installed before anything else of the SDK is used.
import type { Logger } from '@temporalio/worker'
import { Runtime } from '@temporalio/worker'
import type { Address } from './config.ts'

export function installRuntime(log: Logger, sdkMetrics: Address | null): void {
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
