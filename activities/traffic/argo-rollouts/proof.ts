// Why a share is not there yet: the router, the status and the Rollout do not say the same. Requests are counted from the first look at which
// they do; what comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { ConfirmRequest } from '../../../workflows/ports/target.ts'
import type { Look } from './look.ts'
import { isRead } from './rollout.ts'

/** In words; null: all of it says the same. */
export function notYet({ rollout, value, elsewhere }: Look, { desired }: ConfirmRequest): string | null {
  if (!matches(value, desired)) return `users are shared ${JSON.stringify(value)}, not as desired`
  const [other] = elsewhere
  if (other !== undefined) return `${other.place} says ${JSON.stringify(other.value)}`
  if (!isRead(rollout)) return 'its controller has not read what it asks for'
  return rollout.status?.canary?.weights?.verified === false
    ? 'its controller has set the weights and not verified them yet'
    : null
}
