// How many instances a side has in Kubernetes: the floor of its autoscaler first, where there is one, then the number itself. In
// this order, for an autoscaler undoes a number below its floor, up and down.
import { matches, sameJson } from '../../../workflows/json.ts'
import type { Capacity } from '../../../workflows/ports/capacity.ts'
import type { Io, Write } from '../../../workflows/ports/target.ts'
import { failure, kindOf } from '../../failure.ts'
import { kubeOf } from '../../kubernetes/client.ts'
import { permitted } from '../../kubernetes/permits.ts'
import { type KubeRule, defineProvider } from '../../provider.ts'
import { floorPatch } from './autoscaler.ts'
import { type Look, type Side, declared, look, observed, readiness, versionOf } from './look.ts'
import { AUTOSCALERS, rulesOf, spec } from './schema.ts'

const TRIES_MAX = 6 // while instances come up, the status moves the version that a write is based on, several times a second

export const kubernetes = defineProvider({
  spec,
  connect(config, deps) {
    const side: Side = { config, kube: kubeOf(config, deps) }
    return {
      async observe(target, io, wanted = []) {
        const here = await look(side, target, io)
        const floors = wanted.map((desired) => floorFor(here, desired))
        const last = wanted.at(-1)
        if (last === undefined) return observed(here)
        const declares = declared(here, { count: last.count, floor: floors.at(-1) ?? null })
        return { ...observed(here), ...(declares.length === 0 ? {} : { declares }) }
      },
      write: (write, io) => writeInstances(side, write, io),
      async confirm({ target, desired }, io) {
        return readiness(await look(side, target, io), desired.count)
      },
      async permits(target, io) {
        const here = await look(side, target, io)
        const words = await permitted(side.kube, rulesHere(side, here), io)
        await tried(side, here, io)
        return words
      },
    }
  },
})

/** Now that it is known which autoscaler there is, a permission for it is enough. */
function rulesHere({ config }: Side, { target, autoscaler }: Look): KubeRule[] {
  const groups = Object.values(AUTOSCALERS).map(({ group }) => group as string)
  return rulesOf(config, { changed: [target], looked: [] }).flatMap((rule) => {
    if (!groups.includes(rule.group)) return [rule]
    const isIts = autoscaler?.path.includes(`/${rule.resource}/`) === true
    const change = { ...rule, verbs: ['patch'], names: [autoscaler?.object.metadata.name ?? ''] }
    return [{ ...rule, verbs: ['list'] }, ...(isIts ? [change] : [])]
  })
}

type Writing = Write<Capacity>

async function writeInstances(side: Side, write: Writing, io: Io): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await writeOnce(side, write, { io, isFirst: attempt === 1 })
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      if (attempt === TRIES_MAX) throw failure('Unavailable', `${error.message}, again and again`)
    }
  }
}

class Overtaken extends Error {}

async function writeOnce(
  side: Side,
  { target, desired, seen, before }: Writing,
  { io, isFirst }: { io: Io; isFirst: boolean },
): Promise<void> {
  const here = await look(side, target, io)
  const doing = `setting ${target} (${here.place}) to ${JSON.stringify(desired)}`
  if (matches(here.value, desired)) return
  if (
    seen.version !== undefined &&
    seen.version !== versionOf(here) &&
    !isOurHalf(here, { seen, isFirst, desired })
  )
    throw moved(here, doing)
  const floor = floorFor(here, desired, before)
  const { autoscaler, value } = here
  if (autoscaler !== null && floor !== null) {
    const patch = floorPatch(autoscaler, floor)
    if (patch !== null) await send(() => side.kube.patch({ path: autoscaler.path, patch, doing }, io))
  }
  if (value.count === desired.count) return
  await send(() => scale({ side, here }, { count: desired.count, doing }, io))
}

type Scaled = { side: Side; here: Look }
type Scaling = { count: number; doing: string; isTrial?: boolean }

async function scale({ side: { kube }, here: { path, workload, place } }: Scaled, scaling: Scaling, io: Io) {
  const { count, doing, isTrial = false } = scaling
  const version = workload.metadata.resourceVersion
  const patch = [
    { op: 'replace' as const, path: '/metadata/resourceVersion', value: version },
    { op: 'replace' as const, path: '/spec/replicas', value: count },
  ]
  try {
    await kube.patch({ path: `${path}/scale`, patch, doing, isTrial }, io)
  } catch (error) {
    if (kindOf(error) !== 'Missing') throw error
    // The workload was there a moment ago.
    throw failure(
      'Config',
      `${doing}: ${place} has no scale subresource, or is gone: install its definition as it is published`,
      { cause: error },
    )
  }
}

/** The present number, set without effect: what admission has against it, and whether it can be scaled at all. */
async function tried(side: Side, here: Look, io: Io): Promise<void> {
  const doing = `trying to set ${here.target} (${here.place})`
  await scale({ side, here }, { count: here.value.count, doing, isTrial: true }, io).catch(
    (error: unknown) => {
      if (kindOf(error) !== 'Conflict') throw error // a status was written in between: nothing else is wrong
    },
  )
}

/** A later try of this very write finds the floor that it has set before. */
function isOurHalf(
  here: Look,
  { seen, isFirst, desired }: { seen: Writing['seen']; isFirst: boolean; desired: Capacity },
): boolean {
  return (
    !isFirst && here.value.count === seen.value.count && here.value.floor === (desired.floor ?? desired.count)
  )
}

async function send(patch: () => Promise<unknown>): Promise<void> {
  try {
    await patch()
  } catch (error) {
    if (kindOf(error) !== 'Conflict') throw error
    throw new Overtaken((error as Error).message, { cause: error })
  }
}

/**
 * The floor that goes with a number: the number itself, or on the way back what it was. Null = it stays. A workload of no
 * instances is left alone by a HorizontalPodAutoscaler whatever its floor; KEDA would bring it back, so there it becomes 0.
 */
function floorFor({ autoscaler, place }: Look, desired: Capacity, before?: Capacity): number | null {
  if (autoscaler === null) {
    if (desired.floor === undefined) return null
    throw failure(
      'Missing',
      `${place} had an autoscaler with a floor of ${desired.floor}, and has none any more`,
    )
  }
  const isWayBack = before !== undefined && sameJson(before, desired)
  const { words, ceiling, heldAt } = autoscaler
  if (heldAt !== null && heldAt !== desired.count && !isWayBack)
    throw failure(
      'Rejected',
      `${place}: ${words} is held at ${heldAt} instances by an annotation, and KEDA puts back any other number, ${desired.count} as well: take autoscaling.keda.sh/paused-replicas away first`,
    )
  const wanted = desired.floor ?? (isWayBack ? autoscaler.floor : desired.count)
  if (desired.floor === undefined && wanted < autoscaler.floorMin) return null
  // On the way back the number may be over a ceiling that was lowered meanwhile: its owner takes away what is over it.
  if (wanted <= ceiling && (isWayBack || desired.count <= ceiling)) return wanted
  throw failure(
    'Rejected',
    `${place}: ${words} allows ${ceiling} instances at most, ${Math.max(wanted, desired.count)} are wanted: raise its ceiling first`,
  )
}

function moved(here: Look, doing: string): Error {
  const { writer = null } = observed(here)
  return failure(
    'Conflict',
    `${doing}: it was changed by ${writer ?? 'someone else'} since; found ${JSON.stringify(here.value)}`,
    { details: { found: here.value, writer } },
  )
}
