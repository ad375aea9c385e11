// Proves a split and a mirror by requests that a Prometheus has counted since the first look at which the controllers had read the
// change: what comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort } from '../../../workflows/ports/traffic.ts'
import type { ShadowOf } from '../mirrored.ts'
import { type Counter, type Proof as Counting, proveMirror, proveSplit, queried } from '../queried.ts'
import { mirrorOf, splitOf } from '../rules.ts'
import { type Look, elsewhereOf } from './look.ts'
import { nameOf } from './backend.ts'
import { placeOf } from './place.ts'
import type { GatewayApiConfig } from './schema.ts'

export interface Proof {
  config: GatewayApiConfig
  here: Look
  request: ConfirmRequest
  counter: Counter
}

export async function confirm(proof: Proof, io: Io): Promise<Confirmation> {
  const { config, here, request, counter } = proof
  const { target } = request
  // The controllers have read it; whether users are led by it is asked of the edge, by the step.
  if (target === COHORT) {
    const { users } = request.desired as Cohort
    const behind = notYet(proof)
    const words = `${users.length} members in ${placeOf(config)}`
    return { settled: behind === null, lines: behind === null ? [words] : [words, behind] }
  }
  const counting: Counting = {
    request,
    tally: await queried(config.counts, { counter, target }, io),
    behind: notYet(proof),
    split: splitOf(here.rules, config).value,
    percent: mirrorOf(here.rules).value.percent,
    shadowOf: shadowOfSide(config),
  }
  return target === 'mirror' ? proveMirror(counting) : proveSplit(counting)
}

function notYet({ config, here, request: { desired } }: Proof): string | null {
  const { reading, said, value, route } = here
  if (!matches(said, desired)) return `the route says ${JSON.stringify(said)}, not as desired`
  const { generation = 0 } = route.metadata
  if (reading.upTo !== null && reading.upTo < generation) return reading.late.join('; ')
  const [elsewhere] = elsewhereOf(here, config)
  if (elsewhere !== undefined) return `${elsewhere.place} says ${JSON.stringify(elsewhere.value)}`
  if (reading.refusals.length > 0) return reading.refusals.map(({ words }) => words).join('; ')
  return matches(value, desired) ? null : `its controllers have read ${JSON.stringify(value)}`
}

function shadowOfSide({ old, new: fresh, shadow }: GatewayApiConfig): ShadowOf {
  if (shadow === undefined) return 'itself'
  return nameOf(shadow) === nameOf(fresh) ? 'new' : nameOf(shadow) === nameOf(old) ? 'old' : 'itself'
}
