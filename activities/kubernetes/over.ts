// Writes over exactly the version of an object that was looked at, as JSON Patch. Knows no kind of object. An order that timed
// out is made void before its opposite is believed: once a later version is there, it cannot land any more.
import { type Json, matches } from '../../workflows/json.ts'
import { told } from '../../workflows/ports/as-wanted.ts'
import type { Io, Observed } from '../../workflows/ports/target.ts'
import { failure, kindOf } from '../failure.ts'
import { changedSince, versionOfParts } from '../traffic/versions.ts'
import type { Kube, KubeObject, Metadata, PatchOperation } from './client.ts'

const TRIES_MAX = 4 // a controller writes the status after every change, which moves the version that a write is based on
const FENCE = 'cutover/overtaken' // annotation of a moment: it moves the version where nothing else is to be written

export interface Stored {
  kube: Kube
  /** As it was looked at. */
  object: KubeObject
  path: string
}

class Overtaken extends Error {}

/** Again with a new look where somebody has written since the look of a try: mostly a controller its status. The next look tells. */
export async function lookAndWrite(writeOnce: (attempt: number) => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(attempt)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (attempt === TRIES_MAX) throw failure('Unavailable', `${error.message}, again and again`)
    }
  }
}

/**
 * Within `lookAndWrite`. `isOverContent`: over what the object says, whatever its version is by now: two controllers that quarrel over its
 * status move the version faster than anybody can look. Only for the way back: such an order is not made void by `overtake`.
 */
export async function sendOver(
  { kube, object, path }: Stored,
  {
    patch,
    doing,
    isOverContent = false,
  }: { patch: PatchOperation[]; doing: string; isOverContent?: boolean },
  io: Io,
): Promise<void> {
  try {
    const order = isOverContent ? overContent(object, patch) : over(object, patch)
    await kube.patch({ path, patch: order, doing }, io)
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    throw new Overtaken((error as Error).message, { cause: error })
  }
}

/**
 * Asked to write what is there: then an earlier order may still be under way, over this very version. A write that changes
 * nothing would not move the version, so a mark is set and taken away again; the earlier order is refused from then on.
 */
export async function overtake({ kube, object, path }: Stored, place: string, io: Io): Promise<void> {
  const doing = `overtaking an earlier order to ${place}`
  const mark = `/metadata/annotations/${FENCE.replace('/', '~1')}`
  const hasAny = object.metadata.annotations !== undefined
  const set: PatchOperation[] = hasAny
    ? [{ op: 'add', path: mark, value: 'true' }]
    : [{ op: 'add', path: '/metadata/annotations', value: { [FENCE]: 'true' } }]
  try {
    await kube.patch({ path, patch: over(object, set), doing }, io)
  } catch (error) {
    if (kindOf(error) === 'Conflict') return // somebody else has moved the version: that does as well
    throw error
  }
  await kube.patch({ path, patch: [{ op: 'remove', path: mark }], doing }, io)
}

/** A write without effect: the API server checks it, and keeps nothing. */
export async function tryOver(
  { kube, object, path }: Stored,
  { patch, doing }: { patch: PatchOperation[]; doing: string },
  io: Io,
): Promise<void> {
  await kube.patch({ path, patch: over(object, patch), doing, isTrial: true }, io).catch((error: unknown) => {
    if (kindOf(error) !== 'Conflict') throw error // a status was written in between: nothing else is wrong
  })
}

function over({ metadata }: KubeObject, patch: PatchOperation[]): PatchOperation[] {
  // Of all ways to compare, this is the one that says what it is: 409, where a `test` that fails is the 422 of any mistake.
  return [{ op: 'replace', path: '/metadata/resourceVersion', value: metadata.resourceVersion }, ...patch]
}

/** The generation moves with every change of what it says, and with none of its status, labels or annotations. */
function overContent({ metadata }: KubeObject, patch: PatchOperation[]): PatchOperation[] {
  const { uid, generation } = metadata
  if (generation === undefined) return over({ metadata }, patch)
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: '/metadata/generation', value: generation },
    ...patch,
  ]
}

/**
 * Three parts: the object and its generation, what the target is, and all the rest of what it says. Somebody's change beside the
 * target is no conflict; without the first part a value that was changed and changed back would pass for untouched.
 */
export function versionOf({ uid, generation = 0 }: Metadata, own: unknown, beside: unknown): string {
  return versionOfParts({ identity: `${uid}/${generation}`, own: own as Json, beside: beside as Json })
}

/** Somebody's change beside our target is no conflict; one of our target is, and it is told where it was found. */
export function refuseOutdated(seen: Observed, now: Observed, doing: string): void {
  if (seen.version === undefined) return
  const changed = changedSince(seen.version, now.version ?? '')
  const [was, is] = [seen.version, now.version ?? ''].map((version) => version.split('/')[0])
  if (changed.own || was !== is) {
    // Or it was deleted and made anew, as somebody wanted it.
    const { value, elsewhere = [], writer = null } = told(now)
    const other = elsewhere.find((each) => !matches(each.value, seen.value))
    const found = matches(value, seen.value) && other !== undefined ? other.value : value
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
