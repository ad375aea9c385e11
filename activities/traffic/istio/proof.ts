// Proves a split and a mirror by requests counted since the first look at which every proxy served the change, or, where none is
// named, at which the VirtualService said so. What comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort } from '../../../workflows/ports/traffic.ts'
import type { ShadowOf } from '../mirrored.ts'
import { unheardOf } from '../named.ts'
import { type Counter, type Proof as Counting, proveMirror, proveSplit, queried } from '../queried.ts'
import { mirrorOf, splitOf } from '../rules.ts'
import { nameOf } from './destination.ts'
import { type Edge, type Look, elsewhereOf } from './look.ts'
import { counted } from './proxies.ts'
import { namesOf, placeOf } from './place.ts'
import type { IstioConfig } from './schema.ts'

export interface Proof {
  edge: Edge
  here: Look
  request: ConfirmRequest
  /** Of the Prometheus, where one is named. */
  counter: Counter | null
}

export async function confirm(proof: Proof, io: Io): Promise<Confirmation> {
  const { edge, here, request, counter } = proof
  const { config } = edge
  const { target } = request
  // It is served; whether users are led by it is asked of the edge, by the step.
  if (target === COHORT) {
    const { users } = request.desired as Cohort
    const behind = notYet(proof) ?? unheardOf(here.proxies)[0] ?? null
    const words = `${users.length} members in ${placeOf(config)}`
    return { settled: behind === null, lines: behind === null ? [words] : [words, behind] }
  }
  const { counts } = config
  const isQueried = counts !== undefined && counter !== null
  const sharing = isQueried ? [] : here.proxies.flatMap((proxy) => ('silent' in proxy ? [] : proxy.sharing))
  const tally = await (isQueried
    ? queried(counts, { counter, target }, io)
    : counted(edge.proxies, config, io))
  const counting: Counting = {
    request,
    tally: { ...tally, unheard: [...new Set([...unheardOf(here.proxies), ...(tally.unheard ?? [])])] },
    behind: notYet(proof),
    split: splitOf(here.rules, namesOf(config)).value,
    percent: mirrorOf(here.rules).value.percent,
    shadowOf: shadowOfSide(config),
    isShared: sharing.length > 0,
  }
  const confirmation = target === 'mirror' ? proveMirror(counting) : proveSplit(counting)
  if (sharing.length === 0) return confirmation
  const note = `counted with other routes to the same destinations: ${[...new Set(sharing)].join('; ')}`
  return { ...confirmation, lines: [...confirmation.lines, note] }
}

function notYet({ edge: { config }, here, request: { desired } }: Proof): string | null {
  const { said, proxies } = here
  if (!matches(said, desired)) return `the VirtualService says ${JSON.stringify(said)}, not as desired`
  const [elsewhere] = elsewhereOf(here, config)
  if (here.behind[0] !== undefined)
    return `${here.behind[0].place} serves ${JSON.stringify(here.behind[0].value)}`
  if (elsewhere !== undefined) return `${elsewhere.place} says ${JSON.stringify(elsewhere.value)}`
  const without = proxies.find((proxy) => 'served' in proxy && proxy.served.length === 0)
  return without === undefined ? null : `the proxy ${without.url} serves nothing of it`
}

function shadowOfSide({ old, new: fresh, shadow }: IstioConfig): ShadowOf {
  if (shadow === undefined) return 'itself'
  const name = nameOf(shadow)
  return name === nameOf(fresh) ? 'new' : name === nameOf(old) ? 'old' : 'itself'
}
