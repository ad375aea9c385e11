// Numbers for the worker's metrics, sent from the workflow through a sink. Best effort and one way: nothing comes back,
// nothing is sent during replay, and no decision rests on it.
import type { Sinks } from '@temporalio/workflow'
import { proxySinks } from '@temporalio/workflow'
import type { Weights } from '../ports/port.ts'
import type { StepKind } from '../steps/schemas.ts'
import type { GateKind, Reason } from './state.ts'

export interface MeasureSinks extends Sinks {
  measure: {
    change(service: string, connection: string, target: string): void
    weights(service: string, connection: string, weights: Weights | null): void
    step(service: string, kind: StepKind, ms: number): void
    gate(service: string, kind: GateKind, waitedMs: number): void
    /** One hold more or fewer, one stuck run more or fewer. */
    holds(service: string, by: 1 | -1): void
    stuck(service: string, by: 1 | -1): void
    /** A run begins to go back. */
    unwind(service: string, cause: Reason['kind']): void
    /** A run went back; `ms` from the reason to everything restored. */
    restored(service: string, cause: Reason['kind'], ms: number): void
  }
}

export const { measure } = proxySinks<MeasureSinks>()
