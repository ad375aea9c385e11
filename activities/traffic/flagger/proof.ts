// Why a share is not there yet: the route does not hold it, or Flagger is not done. Requests are counted from the first look at which both
// are so; what comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { ConfirmRequest } from '../../../workflows/ports/target.ts'
import type { Look } from './look.ts'

/** In words; null: all of it says the same. */
export function notYet(
  { value, elsewhere, route: { split } }: Look,
  { desired }: ConfirmRequest,
): string | null {
  if (!matches(value, desired)) return `users are given ${JSON.stringify(split)}, which is not as desired`
  const [other] = elsewhere
  return other === undefined ? null : `${other.place}: ${JSON.stringify(other.value)}`
}
