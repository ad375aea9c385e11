// Shares and mirrors requests by the weights of a VirtualService: one JSON Patch for all of its routes, based on the version that
// was looked at. A share goes only to a destination that is declared and that the proxies named know: make before break.
import { sameJson } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import { type PatchOperation, kubeOf } from '../../kubernetes/client.ts'
import {
  type Stored,
  lookAndWrite,
  overtake,
  refuseOutdated,
  sendOver,
  tryOver,
} from '../../kubernetes/over.ts'
import { declarationOf, reconcilersOf } from '../../kubernetes/owners.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { fetchOf } from '../../private-http.ts'
import { defineProvider } from '../../provider.ts'
import { counterOf } from '../queried.ts'
import { cautionsOf, declaredOf, wantedFor } from './cautions.ts'
import { undeclared } from './declared.ts'
import { type Destination, nameOf } from './destination.ts'
import { type Edge, type Look, isThere, look, pathOf, seenIn } from './look.ts'
import { mirrorPatch } from './mirror.ts'
import { confirm } from './proof.ts'
import { endpoints, inFlight } from './proxies.ts'
import { placeOf, splitPatch } from './route.ts'
import { rulesOf, spec } from './schema.ts'

const TAKE_UP_MS_MAX = 1_000 // proxies of a mesh that runs serve a change after 0.2 s; that one is late is for the next look to say
const TAKE_UP_LOOK_MS = 50

export const istio = defineProvider({
  spec,
  connect(config, deps) {
    const fetch = fetchOf({}, deps)
    const proxies = (config.proxies ?? []).map((url) => ({ url, fetch }))
    const edge: Edge = { config, kube: kubeOf(config, deps), proxies, seen: new Map() }
    const counter = config.counts === undefined ? null : counterOf(config.counts, deps)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        const patches = wanted.map((desired) => patchFor(edge, here, desired as Split | Mirror))
        const cautions = await cautionsOf(edge, here, io)
        const reconcilers = reconcilersOf(here.service, { as: placeOf(config), what: declaredOf(target) })
        return {
          ...seenIn(here, config),
          ...(cautions.length === 0 ? {} : { cautions }),
          ...(reconcilers.length === 0 ? {} : { reconcilers }),
          ...declarationOf(placeOf(config), patches.at(-1)),
        }
      },
      write: (write, io) => lookAndWrite(() => writeOnce(edge, write as Writing, io)),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        return await confirm({ edge, here, request, counter }, io)
      },
      inFlight: (side, io) => inFlight(proxies, { side, config }, io),
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        return `${words}; ${await tried(edge, target, io)}`
      },
    }
  },
})

type Writing = Write<Split | Mirror>

async function writeOnce(edge: Edge, write: Writing, io: Io): Promise<void> {
  const { target, desired, seen } = write
  const { config } = edge
  const here = await look(edge, target, io)
  const stored = storedOf(edge, here)
  if (isThere(here, desired)) return await overtake(stored, placeOf(config), io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${placeOf(config)}`
  refuseOutdated(seen, seenIn(here, config), doing)
  const patch = patchFor(edge, here, desired)
  // Never on the way back: that must not wait.
  if (write.before === undefined || !sameJson(write.before, desired))
    await refuseUnmade(edge, { target, desired, doing }, io)
  await sendOver(stored, { patch, doing }, io)
  await takenUp(edge, target, io)
}

function storedOf({ config, kube }: Edge, { service }: Look): Stored {
  return { kube, object: service, path: pathOf(config) }
}

function patchFor(
  { config }: Edge,
  { target, service, rules }: Look,
  desired: Split | Mirror,
): PatchOperation[] {
  return target === 'split'
    ? splitPatch(service, { rules, desired: desired as Split, config })
    : mirrorPatch(service, { rules, desired: desired as Mirror, config })
}

/** Until the proxies serve it or the time is over: either way the write was accepted. */
async function takenUp(edge: Edge, target: string, io: Io): Promise<void> {
  if (edge.proxies.length === 0) return
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(TAKE_UP_MS_MAX)])
  while (!signal.aborted) {
    const here = await look(edge, target, { signal }).catch(() => null)
    if (here !== null && here.behind.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
}

/** The share of a destination that is not made, or that a proxy does not know yet, would be answered 503. */
async function refuseUnmade(
  edge: Edge,
  { target, desired, doing }: { target: string; desired: Split | Mirror; doing: string },
  io: Io,
): Promise<void> {
  const { config } = edge
  const led = wantedFor(target, config).filter((destination) => isLedTo(destination, desired, config))
  const trouble = (await undeclared(edge, led, io)).find(({ isCertain }) => isCertain)
  if (trouble !== undefined) throw failure('Rejected', `${doing}: ${trouble.words}`)
  if (target !== 'split') return // copies that cannot be sent cost no user anything
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

function isLedTo(destination: Destination, desired: Split | Mirror, { old }: Edge['config']): boolean {
  if ('percent' in desired) return desired.percent > 0
  return (destination === old ? desired.old : desired.new) > 0
}

/** The way back without effect: the API server checks a write of what is there, and keeps nothing. */
async function tried(edge: Edge, target: string, io: Io): Promise<string> {
  const here = await look(edge, target, io)
  const doing = `trying to set ${target} in ${placeOf(edge.config)} without effect`
  const patch = patchFor(edge, here, here.said)
  await tryOver(storedOf(edge, here), { patch, doing }, io)
  return 'a write of what is there was tried without effect'
}
