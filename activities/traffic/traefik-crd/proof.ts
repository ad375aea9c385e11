// Proves a split and a mirror by requests counted since the first look at which every Traefik served the change, or, where none is
// named, at which the TraefikService said so. What comes until then belongs to what was there before.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import { unheardOf } from '../named.ts'
import { type Counter, type Proof as Counting, proveMirror, proveSplit, queried } from '../queried.ts'
import { splitOf } from '../rules.ts'
import { counted } from './apis.ts'
import { type Edge, type Look, elsewhereOf, read } from './look.ts'
import { mirrorIn, namesOf, weightedIn } from './service.ts'

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
  const [weighted, mirroring] = await Promise.all([
    read(edge, 'split', io),
    config.mirroring === undefined || target !== 'mirror' ? null : read(edge, 'mirror', io),
  ])
  const { counts } = config
  const isQueried = counts !== undefined && counter !== null
  const tally = await (isQueried
    ? queried(counts, { counter, target }, io)
    : counted(edge.traefiks, { config, weighted, mirroring }, io))
  const counting: Counting = {
    request,
    tally: { ...tally, unheard: [...new Set([...unheardOf(here.traefiks), ...(tally.unheard ?? [])])] },
    behind: notYet(proof),
    split: splitOf([weightedIn(weighted, config)], namesOf(config)).value,
    percent: mirroring === null ? 0 : mirrorIn(mirroring, config).percent,
    shadowOf: 'itself',
  }
  return target === 'mirror' ? proveMirror(counting) : proveSplit(counting)
}

function notYet({ edge: { config }, here, request: { desired } }: Proof): string | null {
  const { said, traefiks, behind } = here
  if (!matches(said, desired)) return `the TraefikService says ${JSON.stringify(said)}, not as desired`
  const [late] = [...behind, ...elsewhereOf(here, config)]
  if (late !== undefined) return `${late.place} serves ${JSON.stringify(late.value)}`
  const without = traefiks.find((each) => 'served' in each && each.served === null)
  return without === undefined ? null : `the Traefik ${without.url} serves nothing of it`
}
