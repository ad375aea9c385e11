// Proves a split by requests that a Prometheus has counted since the first look at which the route held it and Flagger was done: what
// comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { isUncounted, provenWithout } from '../promotable.ts'
import { type Counter, confirmSplit } from '../queried.ts'
import type { Look } from './look.ts'
import type { FlaggerConfig } from './schema.ts'

export interface Proof {
  config: FlaggerConfig
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

function notYet({ value, elsewhere, route: { split } }: Look, { desired }: ConfirmRequest): string | null {
  if (!matches(value, desired)) return `users are given ${JSON.stringify(split)}, which is not as desired`
  const [other] = elsewhere
  return other === undefined ? null : `${other.place}: ${JSON.stringify(other.value)}`
}
