// Shares and mirrors requests by the weights of an HTTPRoute: one JSON Patch for all of its rules, based on the version that was
// looked at. An order that timed out is made void before its opposite is believed: it can never land afterwards.
import { matches, sameJson } from '../../../workflows/json.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { failure, kindOf } from '../../failure.ts'
import { type PatchOperation, kubeOf } from '../../kubernetes/client.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { defineProvider } from '../../provider.ts'
import {
  type Edge,
  type Look,
  changedSince,
  elsewhereOf,
  isThere,
  look,
  observed,
  pathOf,
  versionOf,
} from './look.ts'
import { confirmMirror, confirmSplit, counterOf } from './proof.ts'
import { mirrorPatch } from './mirror.ts'
import { placeOf, splitPatch } from './route.ts'
import { rulesOf, spec } from './schema.ts'

const TRIES_MAX = 4 // a controller writes the status after every change, which moves the version that a write is based on
const TAKE_UP_MS_MAX = 1_000 // controllers that run have read a change after 0.1 s; that one is late is for the next look to say
const TAKE_UP_LOOK_MS = 50
const FENCE = 'cutover/overtaken' // annotation of a moment: it moves the version where nothing else is to be written

export const gatewayApi = defineProvider({
  spec,
  connect(config, deps) {
    const edge: Edge = { config, kube: kubeOf(config, deps), seen: new Map() }
    const counter = counterOf(config, deps)
    return {
      async observe(target, io, wanted = []) {
        const here = await look(edge, target, io)
        for (const desired of wanted) patchFor(edge, here, desired as Split | Mirror)
        return observed(here, edge)
      },
      write: (write, io) => writeRoute(edge, write as Writing, io),
      async confirm(request, io) {
        const here = await look(edge, request.target, io)
        const prove = request.target === 'mirror' ? confirmMirror : confirmSplit
        return await prove({ config, here, request, counter }, io)
      },
      async permits(target, io) {
        const words = await permitted(edge.kube, rulesOf(config, { changed: [target], looked: [] }), io)
        return `${words}; ${await tried(edge, target, io)}`
      },
    }
  },
})

type Writing = Write<Split | Mirror>

async function writeRoute(edge: Edge, write: Writing, io: Io): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(edge, write, io)
    } catch (error) {
      // Somebody has written since the look that this try began with: mostly the controller its status. The next look tells.
      if (!(error instanceof Overtaken)) throw error
      if (attempt === TRIES_MAX) throw failure('Unavailable', `${error.message}, again and again`)
    }
  }
}

class Overtaken extends Error {}

async function writeOnce(edge: Edge, write: Writing, io: Io): Promise<void> {
  const { target, desired, seen } = write
  const here = await look(edge, target, io)
  const doing = `setting ${target} to ${JSON.stringify(desired)} in ${placeOf(edge.config)}`
  if (isThere(here, desired)) return await overtake(edge, here, io)
  refuseOutdated(edge, here, { doing, seen })
  const patch = patchFor(edge, here, desired)
  if (write.before === undefined || !sameJson(write.before, desired))
    refuseUnresolved(edge, here, { doing, desired })
  await send(edge, { here, patch, doing }, io)
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

/** Over exactly the version of the look. */
async function send(
  edge: Edge,
  { here, patch, doing }: { here: Look; patch: PatchOperation[]; doing: string },
  io: Io,
): Promise<void> {
  try {
    await edge.kube.patch({ path: pathOf(edge.config), patch: over(here, patch), doing }, io)
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    throw new Overtaken((error as Error).message, { cause: error })
  }
}

function over({ route }: Look, patch: PatchOperation[]): PatchOperation[] {
  // Of all ways to compare, this is the one that says what it is: 409, where a `test` that fails is the 422 of any mistake.
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: route.metadata.resourceVersion },
    ...patch,
  ]
}

/**
 * Asked to write what is there: then an earlier order may still be under way, over this very version. A write that changes
 * nothing would not move the version, so a mark is set and taken away again; the earlier order is refused from then on.
 */
async function overtake(edge: Edge, here: Look, io: Io): Promise<void> {
  const doing = `overtaking an earlier order to ${placeOf(edge.config)}`
  const path = `/metadata/annotations/${FENCE.replace('/', '~1')}`
  const hasAny = here.route.metadata.annotations !== undefined
  const set: PatchOperation[] = hasAny
    ? [{ op: 'add', path, value: 'true' }]
    : [{ op: 'add', path: '/metadata/annotations', value: { [FENCE]: 'true' } }]
  try {
    await edge.kube.patch({ path: pathOf(edge.config), patch: over(here, set), doing }, io)
  } catch (error) {
    if (kindOf(error) === 'Conflict') return // somebody else has moved the version: that does as well
    throw error
  }
  await edge.kube.patch({ path: pathOf(edge.config), patch: [{ op: 'remove', path }], doing }, io)
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

/** Somebody's change beside our target is no conflict; one of our target is, and it is told where it was found. */
function refuseOutdated(
  { config }: Edge,
  here: Look,
  { doing, seen }: { doing: string; seen: Writing['seen'] },
): void {
  if (seen.version === undefined) return
  const changed = changedSince(seen.version, versionOf(here, config))
  if (changed.own) {
    const other = elsewhereOf(here, config).find(({ value }) => !matches(value, seen.value))
    const found = matches(here.value, seen.value) && other !== undefined ? other.value : here.value
    const { writer = null } = observed(here, { config } as Edge)
    throw failure(
      'Conflict',
      `${doing}: it was changed by ${writer ?? 'someone else'} since; found ${JSON.stringify(found)}`,
      { details: { found, writer } },
    )
  }
  // Nothing differs but the version: perhaps it was changed and changed back, perhaps this write was overtaken by its own undo.
  if (changed.version && !changed.beside)
    throw failure('Unavailable', `${doing}: it was written since, with the same content; looking again`)
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
  const patch = over(here, patchFor(edge, here, here.said))
  await edge.kube
    .patch({ path: pathOf(edge.config), patch, doing, isTrial: true }, io)
    .catch((error: unknown) => {
      if (kindOf(error) !== 'Conflict') throw error // a status was written in between: nothing else is wrong
    })
  return 'a write of what is there was tried without effect'
}
