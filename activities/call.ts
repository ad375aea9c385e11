// The frame of every activity: one deadline for all its I/O, and no exception that is not of the closed list.
// Never retries and never waits; those are Temporal's.
import { Context } from '@temporalio/activity'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import type { Io } from '../workflows/ports/target.ts'
import { formatDuration } from '../workflows/quantities.ts'
import { failure, kindOf } from './failure.ts'

const DEADLINE_SHARE = 0.8 // 4 s of a start-to-close of 5 s: a hung call would keep its slot, and undo would starve
const DEADLINE_WITHOUT_LIMIT_MS = 4_000 // when no start-to-close is set
const HEARTBEAT_SHARE = 0.25 // four beats in a heartbeat time-out: a busy moment of this process is not its death

/** Masks every secret that the worker has read. */
export type Redact = (text: string) => string

export interface CallOptions {
  redact: Redact
  /** False: cancellation does not cut it once it runs. A write that may still land is worse than one waited for. */
  cancellable: boolean
  /** `attempt`: the deadline ends the attempt. `calls`: the work sees to its own calls, and goes on when one hangs. */
  bounds?: 'attempt' | 'calls'
}

/** Runs the I/O of one attempt. Raises failures of the closed list, `NotYet`, or the cancellation. */
export async function called<T>(options: CallOptions, work: (io: Io) => Promise<T>): Promise<T> {
  const context = Context.current()
  const { info, cancellationSignal } = context
  const deadlineMs = deadlineMsOf(info)
  const deadline = AbortSignal.timeout(deadlineMs)
  const signal = options.cancellable ? AbortSignal.any([deadline, cancellationSignal]) : deadline
  const beating = options.bounds === 'calls' ? null : beat(context)
  let mayHaveWritten = false
  const io: Io = { signal, writes: () => void (mayHaveWritten = true) }
  try {
    return await (options.bounds === 'calls' ? work(io) : raced(work(io), signal))
  } catch (error) {
    if (error instanceof CancelledFailure || (options.cancellable && cancellationSignal.aborted))
      throw cancelled(error)
    throw known(error, { redact: options.redact, deadlineMs, mayHaveWritten })
  } finally {
    if (beating !== null) clearInterval(beating)
  }
}

/** Shows that this worker lives, so that the end of another one is noticed before the whole attempt is over. */
function beat(context: Context): NodeJS.Timeout | null {
  const { heartbeatTimeoutMs } = context.info
  return heartbeatTimeoutMs === undefined || heartbeatTimeoutMs === 0 // 0 = none, as servers write it
    ? null
    : setInterval(() => context.heartbeat(), heartbeatTimeoutMs * HEARTBEAT_SHARE)
}

/** How long the I/O of one attempt may take. */
export function deadlineMsOf({ startToCloseTimeoutMs }: { startToCloseTimeoutMs: number }): number {
  return startToCloseTimeoutMs > 0
    ? Math.floor(startToCloseTimeoutMs * DEADLINE_SHARE)
    : DEADLINE_WITHOUT_LIMIT_MS
}

/** For a provider that ignores its signal: the attempt still ends in time. */
export async function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {}) // when it loses the race, or was begun too late, nobody waits for its failure, which would end the process
  signal.throwIfAborted()
  const { promise: over, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, over])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Any error as a failure of the closed list, without secrets. Only a call that may have written has an outcome to be unknown. */
export function known(
  error: unknown,
  {
    redact,
    deadlineMs,
    mayHaveWritten = false,
  }: { redact: Redact; deadlineMs: number; mayHaveWritten?: boolean },
): ApplicationFailure {
  if (isNotYet(error)) return error
  const kind = kindOf(error)
  if (kind !== null) return redacted(error as ApplicationFailure, redact)
  if (isTimeLimit(error)) {
    const outcome = mayHaveWritten ? '; the outcome of a write is unknown' : ''
    return failure('Unavailable', `no answer within ${formatDuration(deadlineMs)}${outcome}`)
  }
  const words =
    error instanceof Error ? `${error.name}: ${error.message}` : `not an error but ${typeof error} was thrown`
  return failure('Bug', redact(words), { cause: withoutSecrets(error, redact) })
}

export function isNotYet(error: unknown): error is ApplicationFailure {
  return error instanceof ApplicationFailure && error.type === 'NotYet'
}

function redacted(error: ApplicationFailure, redact: Redact): ApplicationFailure {
  const { message, details, nextRetryDelay, type, nonRetryable, category } = error
  const isClean = redact(message) === message && error.cause === undefined
  if (isClean) return error
  return ApplicationFailure.create({
    message: redact(message),
    ...(type === null || type === undefined ? {} : { type }),
    nonRetryable: nonRetryable === true,
    ...(details ? { details } : {}),
    ...(nextRetryDelay ? { nextRetryDelay } : {}),
    ...(category ? { category } : {}),
    ...(error.cause === undefined ? {} : { cause: withoutSecrets(error.cause, redact) }),
  })
}

/** Causes are foreign words: they keep their message, masked, and lose everything else. */
function withoutSecrets(error: unknown, redact: Redact): Error {
  const plain = new Error(redact(error instanceof Error ? error.message : String(error)))
  plain.name = error instanceof Error ? error.name : 'Error'
  plain.stack = error instanceof Error ? redact(error.stack ?? '') : ''
  return plain
}

function isTimeLimit(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')
}

function cancelled(error: unknown): Error {
  return error instanceof CancelledFailure ? error : new CancelledFailure('cancelled while it ran')
}
