// The benign failure by which an activity says "nothing final, look again in a while". Shown in the Temporal UI as it is.
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'

const DELAY_MS_MIN = 10 // zero would mean "as the retry policy says"

/** No stack: people read this in the UI as the present reading, and file paths tell them nothing. */
export function notYet(message: string, delayMs: number): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: 'NotYet',
    message,
    category: ApplicationFailureCategory.BENIGN,
    nextRetryDelay: Math.max(DELAY_MS_MIN, Math.round(delayMs)),
  })
  failure.stack = ''
  return failure
}
