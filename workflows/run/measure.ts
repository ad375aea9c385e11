// What a run tells the worker's metrics, through a sink: best effort, never during replay, never the audit record.
import { type Sinks, proxySinks } from '@temporalio/workflow'

export interface MeasureSinks extends Sinks {
  measure: {
    change(service: string, connection: string, target: string): void
    weights(service: string, weights: { old: number; new: number }): void
    step(service: string, kind: string, durationMs: number): void
    /** A gate has closed; `kind` as in run state. */
    gate(service: string, kind: string, waitMs: number): void
    unwind(service: string, cause: string): void
    /** From the reason for going back (the decision, the breach) to everything restored and verified. */
    restored(service: string, cause: string, durationMs: number): void
    /** +1 when a hold begins or a run becomes stuck, -1 when it is over. */
    holds(service: string, delta: number): void
    stuck(service: string, delta: number): void
  }
}

export const { measure } = proxySinks<MeasureSinks>()
