// Reads what an activity failed with, in the words of the closed list.
import { ActivityFailure, ApplicationFailure, TimeoutFailure, isCancellation } from '@temporalio/workflow'
import { type Failed, isFailureKind } from '../failure.ts'
import type { Json, JsonObject } from '../json.ts'
import type { Reason } from './state.ts'

const NOT_YET = 'NotYet' // an attempt that has seen nothing final

/** Where no attempt left a word. */
const TIMED_OUT: Record<string, string> = {
  SCHEDULE_TO_START: 'no worker took it',
  START_TO_CLOSE: 'the worker did not answer while the call ran',
  HEARTBEAT: 'the worker that ran it has fallen silent',
  SCHEDULE_TO_CLOSE: 'nothing was answered until then',
}

/** What an activity call failed with. Rethrows cancellation and everything that is not an activity's failure: those are not for steps to judge. */
export function failedWith(error: unknown): Failed {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
  return read(error.cause)
}

/** The same of what a step judged itself. */
export function judgedOrFailedWith(error: unknown): Failed {
  return error instanceof StepFailed ? error.failed : failedWith(error)
}

function read(cause: unknown): Failed {
  if (cause instanceof TimeoutFailure) return timedOut(cause)
  if (!(cause instanceof ApplicationFailure)) return { kind: 'Bug', message: String(cause), details: null }
  if (cause.type === NOT_YET) return late(cause.message)
  const details = (cause.details?.[0] ?? null) as JsonObject | null
  return { kind: isFailureKind(cause.type) ? cause.type : 'Bug', message: cause.message, details }
}

/** What a time-out has to say is what its last attempt said, and failing that, what it saw at its last heartbeat. */
function timedOut({ failure, lastHeartbeatDetails, timeoutType }: TimeoutFailure): Failed {
  const last = lastSaid(failure?.cause) ?? linesOf(lastHeartbeatDetails)
  return late(last ?? TIMED_OUT[timeoutType ?? ''] ?? 'no answer')
}

function late(last: string): Failed {
  return { kind: 'Timeout', message: `not in time: ${last}`, details: null }
}

/** SDK 1.24 gives a time-out no `cause`; it stands in the failure as the server sent it, and may be a time-out itself. */
function lastSaid(sent: TimeoutFailure['failure'] | null | undefined): string | null {
  if (sent === undefined || sent === null) return null
  const type = sent.applicationFailureInfo?.type
  if (isFailureKind(type)) return `${type}: ${sent.message ?? ''}`
  if (type === NOT_YET) return sent.message ?? null
  return lastSaid(sent.cause) ?? (sent.timeoutFailureInfo ? null : (sent.message ?? null))
}

/** A proof leaves the lines of its look in its heartbeat. */
function linesOf(details: unknown): string | null {
  const lines = typeof details === 'object' && details !== null && 'lines' in details ? details.lines : null
  return Array.isArray(lines) && lines.length > 0 ? lines.join('; ') : null
}

export function foundBy(failed: Failed): { found: Json; writer: string | null } {
  const writer = failed.details?.['writer']
  return { found: failed.details?.['found'] ?? null, writer: typeof writer === 'string' ? writer : null }
}

export function reasonOf(step: string, failed: Failed, at: number): Reason {
  return { kind: 'failure', step, failure: failed.kind, message: failed.message, at }
}

/** A person has taken over what the way back of a step could not do, and with it the rest of that way. */
export class LeftToPeople extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'LeftToPeople'
  }
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
