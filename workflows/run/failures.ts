// Reads what an activity failed with, in the words of the closed list.
import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow'
import { type FailureKind, isFailureKind } from '../failure.ts'
import type { Json, JsonObject } from '../json.ts'
import type { Reason } from './state.ts'

export type Failed = { kind: FailureKind | 'Timeout'; message: string; details: JsonObject | null }

/** What an activity call failed with. Rethrows cancellation and everything that is not an activity's failure: those are not for steps to judge. */
export function failedWith(error: unknown): Failed {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
  return read(error.cause)
}

function read(cause: unknown): Failed {
  if (cause instanceof TimeoutFailure) {
    const inner = cause.cause === undefined ? null : read(cause.cause)
    return {
      kind: 'Timeout',
      message: inner === null ? 'no answer in time' : `not in time: ${inner.message}`,
      details: null,
    }
  }
  if (!(cause instanceof ApplicationFailure)) return { kind: 'Bug', message: String(cause), details: null }
  if (cause.type === 'NotYet')
    return { kind: 'Timeout', message: `not in time: ${cause.message}`, details: null }
  const details = (cause.details?.[0] ?? null) as JsonObject | null
  return { kind: isFailureKind(cause.type) ? cause.type : 'Bug', message: cause.message, details }
}

export function foundBy(failed: Failed): { found: Json; writer: string | null } {
  const writer = failed.details?.['writer']
  return { found: failed.details?.['found'] ?? null, writer: typeof writer === 'string' ? writer : null }
}

export function reasonOf(step: string, failed: Failed, at: number): Reason {
  return { kind: 'failure', step, failure: failed.kind, message: failed.message, at }
}

/** A failure that ends the step. The engine turns it into the reason for going back. */
export class StepFailed extends Error {
  readonly failed: Failed
  constructor(failed: Failed) {
    super(failed.message)
    this.name = 'StepFailed'
    this.failed = failed
  }
}
