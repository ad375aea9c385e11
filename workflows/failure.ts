// The closed list of failure kinds. A kind is the `type` of every ApplicationFailure that leaves an activity.
import type { JsonObject } from './json.ts'

/** Kind -> whether Temporal retries it. What each means stands in docs/failures.md. */
export const RETRIED = {
  Config: false, // the runbook or a credential is wrong: field, value, fix
  Denied: false, // 401/403: which permission is missing
  Missing: false, // the target does not exist
  Rejected: false, // the backend refused this content: its words, redacted
  Unsupported: false, // a capability that is not there
  Conflict: false, // someone else changed it; the engine observes again and asks
  Throttled: true, // wait as long as they say
  Unavailable: true, // network, 5xx, timeout; of a write: outcome unknown
  Bug: false, // broken invariant or unknown exception
} as const

export type FailureKind = keyof typeof RETRIED

export function isFailureKind(text: string | null | undefined): text is FailureKind {
  return text !== null && text !== undefined && Object.hasOwn(RETRIED, text)
}

/** What a call or a step failed with. `Timeout`: no answer at all. */
export type Failed = { kind: FailureKind | 'Timeout'; message: string; details: JsonObject | null }
