// What Temporal retries beyond the kinds that are always retried (workflows/failure.ts): a refusal may depend on a state that
// passes, such as a server that is down for two seconds or a token that is rotated a second late.
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { FailureKind } from '../workflows/failure.ts'
import { kindOf } from './failure.ts'

const PATIENT_TRIES = 3 // 3 s in all: longer than a token or a restart is late, short for a mistake that stays
const PASSING: FailureKind[] = ['Denied', 'Missing']

/** On the way there: a refusal that may pass is believed at the third try. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  return await retrying(
    work,
    (kind) => PASSING.includes(kind) && Context.current().info.attempt < PATIENT_TRIES,
  )
}

/** On the way back: nothing but somebody else's value is final. A person is asked beside the retries. */
export async function tirelessly<T>(work: () => Promise<T>): Promise<T> {
  return await retrying(work, (kind) => kind !== 'Conflict')
}

async function retrying<T>(work: () => Promise<T>, isRetried: (kind: FailureKind) => boolean): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const kind = kindOf(error)
    if (kind === null || !isRetried(kind)) throw error
    const { message, details, cause, nextRetryDelay } = error as ApplicationFailure
    throw ApplicationFailure.create({
      type: kind,
      message,
      nonRetryable: false,
      ...(details ? { details } : {}),
      ...(cause ? { cause } : {}),
      ...(nextRetryDelay ? { nextRetryDelay } : {}),
    })
  }
}
