// Takes and gives back the locks of a run's targets. A lock is an open workflow that never runs: its first task is due in
// ten years, so no worker ever spends memory or a task on it. Its being open is the lock, its memo says who holds it, and
// terminating it gives it back. A lock whose run has ended is taken over; a lock of a living run never is.
import { createHash } from 'node:crypto'
import type { Client } from '@temporalio/client'
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client'
import type { ClaimInput } from '../../workflows/activities.ts'
import { TASK_QUEUE } from '../../workflows/activities.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { failure, kindOf } from '../failure.ts'

const LOCK_ID_PREFIX = 'cutover-lock/'
const LOCK_NAME_CHARACTERS_MAX = 200 // readable in the UI, well below the server's limit of 1,000 for an id
const TRIES_MAX = 5 // each lost try means that somebody else moved; more than a few is a fault
const NEVER = '10y' // until the first task of a lock; longer than any run
const LOCK_TYPE = 'lock' // no worker knows it, none has to

type LockHolder = ClaimInput['holder']
type LockMemo = LockHolder & { lock: string }

/** Long names keep their beginning for people and a hash for identity. */
export function lockIdOf(lock: string): string {
  return idOf(LOCK_ID_PREFIX, lock)
}

export function idOf(prefix: string, name: string): string {
  if (name.length <= LOCK_NAME_CHARACTERS_MAX) return prefix + name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 32)
  return `${prefix}${name.slice(0, LOCK_NAME_CHARACTERS_MAX - hash.length - 1)}~${hash}`
}

/**
 * Takes locks in sorted order, so that of two runs one gets everything. Safe to repeat. Raises `Conflict` (details: lock,
 * holder) when a living run holds one. A try that fails gives nothing back: another try of the same run may rely on it
 * already, and the run releases all of it at its end. Once the signal is given, no further call is made.
 */
export async function claimLocks(client: Client, { locks, holder }: ClaimInput, io?: Io): Promise<void> {
  const signal = io?.signal ?? new AbortController().signal
  try {
    await client.withAbortSignal(signal, async () => {
      for (const lock of sorted(locks)) {
        signal.throwIfAborted()
        await take(client, { lock, holder, signal })
      }
    })
  } catch (error) {
    throw known('take', error)
  }
}

/**
 * Before a write of a run that was reset: it may have ended before, and given its locks back. Raises `Unavailable` while another
 * run holds one: nothing is written until that has ended, which is no conflict over a value and needs nobody's word.
 */
export async function claimAgain(client: Client, claim: ClaimInput | undefined, io: Io): Promise<void> {
  if (claim === undefined) return
  try {
    await claimLocks(client, claim, io)
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    const { message } = error as Error
    throw failure('Unavailable', `this run was reset, and its locks are no longer its own: ${message}`, {
      cause: error,
    })
  }
}

/** Ends every lock of this holder. One that is gone or somebody else's is left alone. */
export async function releaseLocks(client: Client, { locks, holder }: ClaimInput): Promise<void> {
  for (const lock of sorted(locks)) {
    try {
      const found = await holderOf(client, lock)
      if (found !== null && isSame(found, holder))
        await end(client, { lock, found }, `given back by ${holder.workflowId}`)
    } catch (error) {
      throw known('release', error)
    }
  }
}

/** Who holds which of these locks now; a lock whose run has ended is free. Takes nothing. */
export async function holdersOf(client: Client, locks: string[]): Promise<LockMemo[]> {
  try {
    const held: LockMemo[] = []
    for (const lock of sorted(locks)) {
      const found = await holderOf(client, lock)
      if (found !== null && (await isAlive(client, found))) held.push({ ...found, lock })
    }
    return held
  } catch (error) {
    throw known('look at', error)
  }
}

type Take = { lock: string; holder: LockHolder; signal: AbortSignal }

/** Takes it, unless the run has it already. */
async function take(client: Client, { lock, holder, signal }: Take): Promise<void> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    signal.throwIfAborted()
    if (await started(client, lock, holder)) return
    const found = await holderOf(client, lock)
    if (found === null) continue // ended between our start and our look
    if (isSame(found, holder)) return
    if (await isAlive(client, found)) throw heldBy(lock, found)
    await end(client, { lock, found }, `its run ${found.workflowId} has ended without giving it back`)
  }
  throw failure('Unavailable', `lock ${lock} changed hands ${TRIES_MAX} times while it was being taken`)
}

async function started(client: Client, lock: string, holder: LockHolder): Promise<boolean> {
  try {
    await client.workflow.start(LOCK_TYPE, {
      workflowId: lockIdOf(lock),
      taskQueue: TASK_QUEUE,
      memo: { ...holder, lock } satisfies LockMemo,
      staticSummary: `${lock} is held by the run of ${holder.service}`.slice(0, 200),
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      startDelay: NEVER,
    })
    return true
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false
    throw error
  }
}

type Found = LockHolder & { lockRunId: string }

async function holderOf(client: Client, lock: string): Promise<Found | null> {
  try {
    const { memo, runId, status } = await client.workflow.getHandle(lockIdOf(lock)).describe()
    if (status.name !== 'RUNNING') return null
    const { service, workflowId, firstRunId } = (memo ?? {}) as Partial<LockMemo>
    if (service === undefined || workflowId === undefined || firstRunId === undefined) {
      throw failure('Conflict', `${lock} is held by a workflow that does not say for whom: ${lockIdOf(lock)}`)
    }
    return { service, workflowId, firstRunId, lockRunId: runId }
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null
    throw error
  }
}

function isSame(found: LockHolder, holder: LockHolder): boolean {
  return found.workflowId === holder.workflowId && found.firstRunId === holder.firstRunId
}

/** Whether the chain of runs that took the lock is still open. */
async function isAlive(client: Client, { workflowId, firstRunId }: LockHolder): Promise<boolean> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING' && raw.workflowExecutionInfo?.firstRunId === firstRunId
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false // over for longer than the server remembers
    throw error
  }
}

/** Ends exactly the lock that was looked at; if somebody was faster there is nothing left to end. */
async function end(
  client: Client,
  { lock, found }: { lock: string; found: Found },
  reason: string,
): Promise<void> {
  try {
    await client.workflow.getHandle(lockIdOf(lock), found.lockRunId).terminate(reason)
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error
  }
}

function heldBy(lock: string, { service, workflowId, firstRunId }: Found): Error {
  return failure(
    'Conflict',
    `${lock} is held by the run of ${service} (${workflowId}): wait for its end, or abort it`,
    {
      details: { lock, holder: { service, workflowId, firstRunId } },
    },
  )
}

/** A failure of the closed list: as it is, or `Unavailable` for whatever the client says. */
function known(what: string, cause: unknown): Error {
  if (cause instanceof Error && kindOf(cause) !== null) return cause
  const words = cause instanceof Error ? cause.message : String(cause)
  return failure('Unavailable', `${what} locks on the Temporal server: ${words}`, { cause })
}

function sorted(locks: string[]): string[] {
  return [...new Set(locks)].sort()
}
