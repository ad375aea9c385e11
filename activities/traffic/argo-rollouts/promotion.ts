// Full promotion: as `kubectl argo rollouts promote --full` asks for it, of a Rollout that has all users on the new version. The new version
// is called the stable one when the controller says so, calls it healthy, and its router is at rest on the stable side.
import type { Io, Observed } from '../../../workflows/ports/target.ts'
import { type Stable, stableIs } from '../../../workflows/ports/traffic.ts'
import { versionOf } from '../../kubernetes/over.ts'
import type { Promoting, Promotion } from '../../kubernetes/promote.ts'
import { type Amiss, passing, refused } from '../promotable.ts'
import { type Edge, type Look, factsOf, isThere, look, pathOf, placeOf } from './look.ts'
import { isRead, isUpdating, isWaiting } from './rollout.ts'
import { weightsIn } from './router.ts'
import { headingOf } from './steps.ts'
import { newWords, readyOf } from './versions.ts'

const ALL = { old: 0, new: 100 }
const TAKE_UP_MS_MAX = 2_000 // with its pods there a controller that runs has promoted after 0.3 s; that it is late is for the next look to say

/** While a promotion is under way, by what stands on the API server, the other value stands beside that of the status. */
export function promotionIn(here: Look, { config }: Edge): Promoting {
  const { rollout } = here
  const place = placeOf(config)
  if (!here.isStableNew) {
    const heading = headingOf(rollout)
    const isOrdered = heading?.isToEnd === true
    return {
      value: stableIs('old'),
      elsewhere: isOrdered ? [{ place: `${place}, ${heading.words}`, value: stableIs('new') }] : [],
    }
  }
  return {
    value: stableIs('new'),
    elsewhere: unsettled(here, config).map((words) => ({ place: words, value: stableIs('old') })),
  }
}

/** Places in which the promotion is not over yet. */
function unsettled({ rollout, service }: Look, config: Edge['config']): string[] {
  const { phase = 'unknown', canary } = rollout.status ?? {}
  const place = placeOf(config)
  const routes = service === null ? [] : weightsIn(service, { rollout, config })
  return [
    ...(isRead(rollout) ? [] : [`${place}, which its controller has not read`]),
    ...(phase === 'Healthy' ? [] : [`${place}, which its controller calls ${phase}`]),
    ...routes
      .filter((route) => route.canary > 0)
      .map(({ label, canary: weight }) => `${label}, whose canary still has ${weight}`),
    ...((canary?.weights?.canary.weight ?? 0) > 0 ? [`status of ${place}, with a weight of its canary`] : []),
  ]
}

export function observedStable(here: Look, edge: Edge): Observed<Stable> & { version: string } {
  const { rollout } = here
  const { value, elsewhere } = promotionIn(here, edge)
  const { currentPodHash: current = '', abort = false, promoteFull = false } = rollout.status ?? {}
  const own = { value, elsewhere, current, abort, promoteFull }
  return {
    value,
    version: versionOf(rollout.metadata, own, rollout.spec),
    facts: factsOf(rollout),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

/** Why it cannot be promoted as it stands; null: it can, or has been. */
export async function unpromotable(here: Look, edge: Edge, io: Io): Promise<Amiss | null> {
  const { rollout, isStableNew } = here
  if (isStableNew) return null
  const { abort = false, phase, message = '', currentPodHash: hash = '' } = rollout.status ?? {}
  if (abort) return refused('it is aborted')
  if (rollout.spec.paused === true)
    return refused('somebody has paused it (spec.paused): take that back first')
  if (!isRead(rollout)) return passing('its controller has not read what it asks for')
  if (!isUpdating(rollout))
    return refused(`it is not on its way to the new version (${newWords(edge.config)})`)
  if (phase === 'Degraded') return refused(`its controller calls it Degraded: ${message}`)
  if (!isThere(here, ALL))
    return refused(`users are shared ${sharedWords(here)}: all must be on the new side`)
  if (!isWaiting(rollout)) return passing('it does not wait at a pause')
  const { ready, wanted } = await readyOf(edge.versions, hash, io)
  return ready >= Math.max(1, wanted)
    ? null
    : passing(`${ready} of ${wanted} pods of the new version are ready`)
}

function sharedWords({ value, elsewhere }: Look): string {
  return [{ place: '', value }, ...elsewhere]
    .map(({ place, value: held }) => `${place}${place === '' ? '' : ': '}${JSON.stringify(held)}`)
    .join('; ')
}

export function promotionOf(edge: Edge, target: string): Promotion<Look> {
  const { config, kube } = edge
  return {
    place: placeOf(config),
    look: (io) => look(edge, target, io),
    promoting: (here) => promotionIn(here, edge),
    seen: (here) => observedStable(here, edge),
    stored: ({ rollout }) => ({ kube, object: rollout, path: pathOf(config) }),
    amiss: (here, io) => unpromotable(here, edge, io),
    order: () => ({
      path: `${pathOf(config)}/status`,
      patch: [{ op: 'add', path: '/status/promoteFull', value: true }],
    }),
    isFinal:
      'the new version is promoted: no abort leads back from there. The way back is an update to the old version',
    takeUp: {
      withinMs: TAKE_UP_MS_MAX,
      isThere: ({ value, elsewhere }) => value.stable === 'new' && elsewhere.length === 0,
    },
  }
}
