// Shares and mirrors requests by the weights of an HTTPRoute, and leads a cohort by rules of its own: one JSON Patch for all of them,
// based on the version that was looked at. An order that timed out is made void before its opposite is believed.
import type { Write } from '../../../workflows/ports/target.ts'
import { COHORT, type Cohort, type Mirror, type Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type PatchOperation, kubeOf } from '../../kubernetes/client.ts'
import { declarationOf, releasesOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { type StoredTarget, tryTarget, writeTarget } from '../../kubernetes/target.ts'
import { defineProvider } from '../../provider.ts'
import { counterOf } from '../queried.ts'
import { nameOf } from './backend.ts'
import { cohortPatch } from './cohort.ts'
import type { HttpRoute } from './http-route.ts'
import { type Edge, type Look, type Value, isThere, look, observed, pathOf } from './look.ts'
import { mirrorPatch } from './mirror.ts'
import { placeOf } from './place.ts'
import { confirm } from './proof.ts'
import { splitPatch } from './route.ts'
import { rulesOf, spec } from './schema.ts'

export const gatewayApi = defineProvider({
  spec,
  connect(config, deps) {
    const edge: Edge = { config, kube: kubeOf(config, deps), seen: new Map(), looks: new WeakMap() }
    const counter = counterOf(config.counts, deps)
    const stored = storedTarget(edge)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        const patches = wanted.map((desired) => patchFor(edge, here, desired as Value))
        const declares = declarationOf(placeOf(config), patches.at(-1))
        const told = { ...observed(here, edge), ...declares, ...releasesOf([here.route]) }
        edge.looks.set(told, here)
        return told
      },
      write: (write, io) => writeTarget(stored, write as Write<Value>, io),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        return await confirm({ config, here, request, counter }, io)
      },
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        return `${words}; ${await tryTarget(stored, target, io)}`
      },
    }
  },
})

function storedTarget(edge: Edge): StoredTarget<Look, Value> {
  const { config, kube } = edge
  return {
    place: placeOf(config),
    look: (target, io) => look(edge, target, io),
    behind: (seen) => edge.looks.get(seen),
    stored: ({ route }) => ({ kube, object: route, path: pathOf(config) }),
    seen: (here) => observed(here, edge),
    said: ({ said }) => said,
    isThere,
    isTakenUp: ({ reading, route }) =>
      reading.upTo === null || reading.upTo >= (route.metadata.generation ?? 0),
    patch: (here, desired) => patchFor(edge, here, desired),
    refuse: (here, wanted) => refuseUnresolved(edge, here, wanted),
  }
}

function patchFor({ config }: Edge, { target, route, rules }: Look, desired: Value): PatchOperation[] {
  if (target === COHORT) return cohortPatch(route, { rules, desired: desired as Cohort, config })
  return target === 'split'
    ? splitPatch(rules, desired as Split, config)
    : mirrorPatch(route, { rules, desired: desired as Mirror, config })
}

/** A backend that its controller cannot find answers 500 to its whole share. */
function refuseUnresolved(
  { config }: Edge,
  { reading, target, route }: Look,
  { doing, desired }: { doing: string; desired: Value },
): void {
  const wanted = backendsFor(target, desired, config).map(nameOf)
  const refused = reading.refusals.find(
    ({ type, words }) => type === 'ResolvedRefs' && isAbout(words, { wanted, route }),
  )
  if (refused === undefined) return
  throw failure('Rejected', `${doing}: ${refused.words}; its share would be answered 500`)
}

/** By the names in it; where a controller names none of the backends of the route, it may be any of them. */
function isAbout(words: string, { wanted, route }: { wanted: string[]; route: HttpRoute }): boolean {
  const names = (route.spec.rules ?? []).flatMap(({ backendRefs = [], filters = [] }) => [
    ...backendRefs.map(({ name }) => name),
    ...filters.flatMap(({ requestMirror }) => requestMirror?.backendRef.name ?? []),
  ])
  const isNamed = (name: string): boolean =>
    words.split(/[^A-Za-z0-9.-]+/).some((word) => word === name || word.startsWith(`${name}.`))
  return wanted.some(isNamed) || !names.some(isNamed)
}

function backendsFor(target: string, desired: Value, config: Edge['config']): string[] {
  if (target === 'mirror') return [config.shadow ?? '']
  if (target === COHORT)
    return (desired as Cohort).users.length === 0 ? [] : [config.cohort?.to ?? config.new]
  return (['old', 'new'] as const).filter((side) => (desired as Split)[side] > 0).map((side) => config[side])
}
