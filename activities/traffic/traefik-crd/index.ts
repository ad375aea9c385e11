// Shares and mirrors requests by the weights of a TraefikService: one JSON Patch over the version that was looked at. An order that
// timed out is made void before its opposite is believed.
import type { Write } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type PatchOperation, kubeOf } from '../../kubernetes/client.ts'
import { declarationOf, reconcilersOf, releasesOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { type StoredTarget, tryTarget, writeTarget } from '../../kubernetes/target.ts'
import { fetchOf } from '../../private-http.ts'
import { defineProvider } from '../../provider.ts'
import { namedProxies } from '../named.ts'
import { counterOf } from '../queried.ts'
import {
  type Edge,
  type Look,
  type Value,
  cautionsOf,
  declaredOf,
  isThere,
  look,
  pathOf,
  seenIn,
} from './look.ts'
import { confirm } from './proof.ts'
import { rulesOf, spec } from './schema.ts'
import { mirrorPatch, placeOf, splitPatch, weightedIn } from './service.ts'

export const traefikCrd = defineProvider({
  spec,
  connect(config, deps) {
    const fetch = fetchOf({}, deps)
    const traefiks = namedProxies('Traefik', config.apis ?? [], fetch)
    const edge: Edge = { config, kube: kubeOf(config, deps), traefiks, looks: new WeakMap() }
    const counter = config.counts === undefined ? null : counterOf(config.counts, deps)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        const patches = wanted.map((desired) => patchFor(edge, here, desired as Value))
        const cautions = cautionsOf(here)
        const place = placeOf(config, target)
        const reconcilers = reconcilersOf(here.object, { as: place, what: declaredOf(target) })
        const told = {
          ...seenIn(here, config),
          ...(cautions.length === 0 ? {} : { cautions }),
          ...(reconcilers.length === 0 ? {} : { reconcilers }),
          ...declarationOf(place, patches.at(-1)),
          ...releasesOf([here.object]),
        }
        edge.looks.set(told, here)
        return told
      },
      write: (write, io) => writeTarget(storedTarget(edge, write.target), write as Write<Value>, io),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        return await confirm({ edge, here, request, counter }, io)
      },
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        return `${words}; ${await tryTarget(storedTarget(edge, target), target, io)}`
      },
    }
  },
})

function storedTarget(edge: Edge, target: string): StoredTarget<Look, Value> {
  const { config, kube } = edge
  return {
    place: placeOf(config, target),
    look: (of, io) => look(edge, of, io),
    behind: (seen) => edge.looks.get(seen),
    stored: ({ object }) => ({ kube, object, path: pathOf(config, target) }),
    seen: (here) => seenIn(here, config),
    said: ({ said }) => said,
    isThere,
    isTakenUp: ({ behind }) => behind.length === 0,
    patch: (here, desired) => patchFor(edge, here, desired),
    refuse: (here, { doing }) => refuseUnserved(here, doing),
  }
}

function patchFor({ config }: Edge, { object, target }: Look, desired: Value): PatchOperation[] {
  if (target === 'mirror') return mirrorPatch(object, desired as Mirror, config)
  return splitPatch(weightedIn(object, config), desired as Split, { object, config })
}

/** A TraefikService that a Traefik does not serve is answered 404 to everybody, whatever its weights: nobody is moved by them. */
function refuseUnserved({ traefiks }: Look, doing: string): void {
  const without = traefiks.find((each) => 'served' in each && each.served === null)
  if (without === undefined) return
  throw failure(
    'Unavailable',
    `${doing}: the Traefik ${without.url} serves nothing of it, so its users are answered 404: does it read this namespace, and does every Service of it have an endpoint?`,
  )
}
