// Proves a split by requests that a Prometheus has counted since the first look at which the router, the status and the Rollout said
// the same: what comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { isUncounted, provenWithout } from '../promotable.ts'
import { type Counter, confirmSplit } from '../queried.ts'
import type { Look } from './look.ts'
import { isRead } from './rollout.ts'
import type { ArgoRolloutsConfig } from './schema.ts'

export interface Proof {
  config: ArgoRolloutsConfig
  here: Look
  request: ConfirmRequest
  counter: Counter
  /** Why it cannot be promoted, where that is asked. */
  amiss: string | null
}

export async function confirm(
  { config, here, request, counter, amiss }: Proof,
  io: Io,
): Promise<Confirmation> {
  const behind = amiss ?? notYet(here, request)
  if (isUncounted(request)) return provenWithout(behind)
  return confirmSplit({ request, behind, split: here.value, queries: config.counts, counter }, io)
}

function notYet({ rollout, value, elsewhere }: Look, { desired }: ConfirmRequest): string | null {
  if (!matches(value, desired)) return `users are shared ${JSON.stringify(value)}, not as desired`
  const [other] = elsewhere
  if (other !== undefined) return `${other.place} says ${JSON.stringify(other.value)}`
  if (!isRead(rollout)) return 'its controller has not read what it asks for'
  return rollout.status?.canary?.weights?.verified === false
    ? 'its controller has set the weights and not verified them yet'
    : null
}
