// What reading a subject needs besides the subject, and why there is no answer. A backend that does not answer is an unknown
// reading, never an exception; only a Bug ends the watch.
import type { Io } from '../../workflows/ports/target.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import { known } from '../call.ts'
import type { Redact } from '../call.ts'
import type { Connector } from '../connect.ts'

export interface Asking {
  portOf: Connector['portOf']
  changingOf: Connector['changingOf']
  redact: Redact
  /** For the words of an answer that never came. */
  deadlineMs: number
}

/** Why there is no answer, in words. A broken invariant is no answer at all: it ends the watch. */
export function reasonOf(error: unknown, { redact, deadlineMs }: Asking, io: Io): string {
  if (io.signal.aborted && error === io.signal.reason) return `no answer within ${formatDuration(deadlineMs)}`
  const failure = known(error, { redact, deadlineMs })
  if (failure.type === 'Bug') throw failure
  return failure.type === 'Unavailable' ? failure.message : `${failure.type}: ${failure.message}`
}
