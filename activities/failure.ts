// Failures of the closed list, as Temporal carries them. Messages say what was tried, on what, what came back; never a secret.
import { ApplicationFailure } from '@temporalio/common'
import { type FailureKind, RETRIED, isFailureKind } from '../workflows/failure.ts'
import type { JsonObject } from '../workflows/json.ts'

export interface FailureExtras {
  cause?: unknown
  /** Facts for the engine and for people: `{ found, writer }` of a Conflict, the missing permission of a Denied. */
  details?: JsonObject
  /** Throttled only: when they say to come back. */
  retryAfterMs?: number
}

/** An ApplicationFailure of `kind`; whether it is retried follows from the kind alone. */
export function failure(kind: FailureKind, message: string, extras: FailureExtras = {}): ApplicationFailure {
  return ApplicationFailure.create({
    type: kind,
    message,
    nonRetryable: !RETRIED[kind],
    ...(extras.cause instanceof Error ? { cause: extras.cause } : {}),
    ...(extras.details === undefined ? {} : { details: [extras.details] }),
    ...(extras.retryAfterMs === undefined ? {} : { nextRetryDelay: extras.retryAfterMs }),
  })
}

/** The kind of an error, if it is one of ours. */
export function kindOf(error: unknown): FailureKind | null {
  return error instanceof ApplicationFailure && isFailureKind(error.type) ? error.type : null
}
