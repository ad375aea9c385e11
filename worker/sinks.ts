// The worker's end of the workflow's measurements: each becomes a metric. Best effort; never during replay.
import type { InjectedSinks } from '@temporalio/worker'
import type { Weights } from '../workflows/ports/port.ts'
import type { MeasureSinks } from '../workflows/run/measure.ts'
import type { Metrics } from './metrics.ts'

export function measureSinks(metrics: Metrics | null): InjectedSinks<MeasureSinks> {
  return {
    measure: {
      change: once((_info, service: string, connection: string) =>
        metrics?.changes.inc({ service, connection }),
      ),
      weights: once((_info, service: string, ...[connection, weights]: [string, Weights | null]) => {
        for (const side of ['old', 'new'] as const) {
          if (weights === null) metrics?.weight.remove({ service, connection, side })
          else metrics?.weight.set({ service, connection, side }, weights[side])
        }
      }),
      step: once((_info, service: string, ...[kind, ms]: [string, number]) => {
        metrics?.stepDuration.observe({ service, kind }, ms / 1_000)
      }),
      gate: once((_info, service: string, ...[kind, waitedMs]: [string, number]) => {
        metrics?.gateWait.observe({ service, kind }, waitedMs / 1_000)
      }),
      // Beginnings are counted; how many are open now is asked of the server, which knows it after a restart too.
      holds: once((_info, service: string, by: 1 | -1) => {
        if (by === 1) metrics?.holds.inc({ service })
      }),
      stuck: once((_info, service: string, by: 1 | -1) => {
        if (by === 1) metrics?.stuck.inc({ service })
      }),
      unwind: once((_info, service: string, cause: string) => {
        metrics?.unwinds.inc({ service, cause })
      }),
      restored: once((_info, _service: string, ...[cause, ms]: [string, number]) => {
        metrics?.abortToRestored.observe({ cause }, ms / 1_000)
      }),
    },
  }
}

function once<F>(fn: F): { fn: F; callDuringReplay: false } {
  return { fn, callDuringReplay: false }
}
