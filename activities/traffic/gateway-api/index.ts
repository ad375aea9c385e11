// Shares and mirrors requests by the weights of an HTTPRoute: one JSON Patch for all of its rules, based on the version that was
// looked at. An order that timed out is made void before its opposite is believed: it can never land afterwards.
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
import { permitted } from '../../kubernetes/permits.ts'
import { defineProvider } from '../../provider.ts'
import { type Edge, type Look, isThere, look, observed, pathOf } from './look.ts'
import { declarationOf } from '../../kubernetes/owners.ts'
import { counterOf } from '../queried.ts'
import { confirm } from './proof.ts'
import { mirrorPatch } from './mirror.ts'
import { placeOf, splitPatch } from './route.ts'
import { rulesOf, spec } from './schema.ts'

const TAKE_UP_MS_MAX = 1_000 // controllers that run have read a change after 0.1 s; that one is late is for the next look to say
const TAKE_UP_LOOK_MS = 50

export const gatewayApi = defineProvider({
  spec,
  connect(config, deps) {
    const edge: Edge = { config, kube: kubeOf(config, deps), seen: new Map() }
    const counter = counterOf(config.counts, deps)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        const patches = wanted.map((desired) => patchFor(edge, here, desired as Split | Mirror))
        const declares = declarationOf(placeOf(config), patches.at(-1))
        return { ...observed(here, edge), ...declares }
      },
      write: (write, io) => lookAndWrite(() => writeOnce(edge, write as Writing, io)),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        return await confirm({ config, here, request, counter }, io)
      },
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
  const here = await look(edge, target, io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${placeOf(edge.config)}`
  const stored = storedOf(edge, here)
  if (isThere(here, desired)) return await overtake(stored, placeOf(edge.config), io)
  refuseOutdated(seen, observed(here, edge), doing)
  const patch = patchFor(edge, here, desired)
  if (write.before === undefined || !sameJson(write.before, desired))
    refuseUnresolved(edge, here, { doing, desired })
  await sendOver(stored, { patch, doing }, io)
  await takenUp(edge, target, io)
}

/** Until the controllers have read it or the time is over: either way the write was accepted. */
async function takenUp(edge: Edge, target: string, io: Io): Promise<void> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(TAKE_UP_MS_MAX)])
  while (!signal.aborted) {
    const { reading, route } = await look(edge, target, { signal }).catch(() => ({
      reading: null,
      route: null,
    }))
    if (reading !== null && (reading.upTo === null || reading.upTo >= (route.metadata.generation ?? 0)))
      return
    await new Promise((resolve) => setTimeout(resolve, TAKE_UP_LOOK_MS))
  }
}

function storedOf({ config, kube }: Edge, { route }: Look): Stored {
  return { kube, object: route, path: pathOf(config) }
}

function patchFor(
  { config }: Edge,
  { target, route, rules }: Look,
  desired: Split | Mirror,
): PatchOperation[] {
  return target === 'split'
    ? splitPatch(rules, desired as Split, config)
    : mirrorPatch(route, { rules, desired: desired as Mirror, config })
}

/** A backend that its controller cannot find answers 500 to its whole share. Never on the way back: that must not wait. */
function refuseUnresolved(
  { config }: Edge,
  { reading, target }: Look,
  { doing, desired }: { doing: string; desired: Split | Mirror },
): void {
  const wanted =
    target === 'mirror'
      ? [config.shadow ?? '']
      : (['old', 'new'] as const).filter((side) => (desired as Split)[side] > 0).map((side) => config[side])
  const names = wanted.map((backend) => backend.split(':')[0] ?? '')
  const refused = reading.refusals.find(
    ({ type, words }) => type === 'ResolvedRefs' && names.some((name) => words.includes(name)),
  )
  if (refused === undefined) return
  throw failure('Rejected', `${doing}: ${refused.words}; its share would be answered 500`)
}

/** The way back without effect: the API server checks a write of what is there, and keeps nothing. */
async function tried(edge: Edge, target: string, io: Io): Promise<string> {
  const here = await look(edge, target, io)
  const doing = `trying to set ${target} in ${placeOf(edge.config)} without effect`
  const patch = patchFor(edge, here, here.said)
  await tryOver(storedOf(edge, here), { patch, doing }, io)
  return 'a write of what is there was tried without effect'
}
