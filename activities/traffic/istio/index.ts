// Shares and mirrors requests by the weights of a VirtualService, and leads a cohort by routes of its own: one JSON Patch for all of
// them, based on the version that was looked at. A share goes only to a destination that is declared and that the proxies named know.
import type { Io, Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type PatchOperation, kubeOf } from '../../kubernetes/client.ts'
import { declarationOf, reconcilersOf, releasesOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { type StoredTarget, tryTarget, writeTarget } from '../../kubernetes/target.ts'
import { fetchOf } from '../../private-http.ts'
import { defineProvider } from '../../provider.ts'
import { namedProxies } from '../named.ts'
import { counterOf } from '../queried.ts'
import { cautionsOf, declaredOf, wantedFor } from './cautions.ts'
import { cohortPatch } from './cohort.ts'
import { undeclared } from './declared.ts'
import { type Destination, nameOf } from './destination.ts'
import { type Edge, type Look, type Value, isThere, look, pathOf, seenIn } from './look.ts'
import { mirrorPatch } from './mirror.ts'
import { placeOf } from './place.ts'
import { confirm } from './proof.ts'
import { endpoints, inFlight } from './proxies.ts'
import { splitPatch } from './route.ts'
import { rulesOf, spec } from './schema.ts'

export const istio = defineProvider({
  spec,
  connect(config, deps) {
    const fetch = fetchOf({}, deps)
    const proxies = namedProxies('proxy', config.proxies ?? [], fetch)
    const edge: Edge = { config, kube: kubeOf(config, deps), proxies, seen: new Map(), looks: new WeakMap() }
    const counter = config.counts === undefined ? null : counterOf(config.counts, deps)
    const stored = storedTarget(edge)
    return {
      async observe(target, io, wanted) {
        const here = await look(edge, target, io)
        const patches = (wanted ?? []).map((desired) => patchFor(edge, here, desired as Value))
        // Half a dozen calls, which nobody waits for on the way back: a plan reads them.
        const cautions = wanted === undefined ? [] : await cautionsOf(edge, here, io)
        const reconcilers = reconcilersOf(here.service, { as: placeOf(config), what: declaredOf(target) })
        const told = {
          ...seenIn(here, config),
          ...(cautions.length === 0 ? {} : { cautions }),
          ...(reconcilers.length === 0 ? {} : { reconcilers }),
          ...declarationOf(placeOf(config), patches.at(-1)),
          ...releasesOf([here.service]),
        }
        edge.looks.set(told, here)
        return told
      },
      write: (write, io) => writeTarget(stored, write as Write<Value>, io),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        return await confirm({ edge, here, request, counter }, io)
      },
      inFlight: (side, io) => inFlight(proxies, { side, config }, io),
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        return `${words}; ${await tryTarget(stored, target, io)}`
      },
    }
  },
})

function storedTarget(edge: Edge): StoredTarget<Look, Value> {
  const { config, kube, proxies } = edge
  return {
    place: placeOf(config),
    look: (target, io) => look(edge, target, io),
    behind: (seen) => edge.looks.get(seen),
    stored: ({ service }) => ({ kube, object: service, path: pathOf(config) }),
    seen: (here) => seenIn(here, config),
    said: ({ said }) => said,
    isThere,
    isTakenUp: ({ behind }) => proxies.all.length === 0 || behind.length === 0,
    patch: (here, desired) => patchFor(edge, here, desired),
    refuse: ({ target }, wanted, io) => refuseUnmade(edge, { target, ...wanted }, io),
  }
}

function patchFor({ config }: Edge, { target, service, rules }: Look, desired: Value): PatchOperation[] {
  if (target === COHORT) return cohortPatch(service, { rules, desired: desired as Cohort, config })
  return target === 'split'
    ? splitPatch(service, { rules, desired: desired as Split, config })
    : mirrorPatch(service, { rules, desired: desired as Mirror, config })
}

/** The share of a destination that is not made, or that a proxy does not know yet, would be answered 503. */
async function refuseUnmade(
  edge: Edge,
  { target, desired, doing }: { target: string; desired: Value; doing: string },
  io: Io,
): Promise<void> {
  const { config } = edge
  const led = wantedFor(target, config).filter((destination) => isLedTo(destination, desired, config))
  const trouble = (await undeclared(edge, led, io)).find(({ isCertain }) => isCertain)
  if (trouble !== undefined) throw failure('Rejected', `${doing}: ${trouble.words}`)
  if (target === 'mirror') return // copies that cannot be sent cost no user anything
  for (const destination of led) {
    const { namespace } = config
    const looks = await endpoints(edge.proxies, { wanted: [destination], namespace }, io)
    const without = looks.find((each) => 'endpoints' in each && Object.keys(each.endpoints).length === 0)
    if (without !== undefined)
      throw failure(
        'Unavailable',
        `${doing}: the proxy ${without.url} does not know ${nameOf(destination)} yet and would answer its share 503`,
      )
  }
}

function isLedTo(destination: Destination, desired: Value, { old }: Edge['config']): boolean {
  if ('users' in desired) return desired.users.length > 0
  if ('percent' in desired) return desired.percent > 0
  return (destination === old ? desired.old : desired.new) > 0
}
