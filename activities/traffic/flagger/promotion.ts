// Promotion: the gate is opened for the revision that has all users, as a person does who names it, and Flagger copies that over the old
// one. The new version is called the stable one when Flagger says so, the primary runs it, and the route is back at the primary.
import { isDeepStrictEqual } from 'node:util'
import type { Io, Observed } from '../../../workflows/ports/target.ts'
import { type Stable, stableIs } from '../../../workflows/ports/traffic.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Promoting, Promotion } from '../../kubernetes/promote.ts'
import { type Amiss, passing, refused } from '../promotable.ts'
import { versionOfParts } from '../versions.ts'
import { isPromoting, isUnderWay } from './canary.ts'
import { unfit } from './fitness.ts'
import { PROMOTE } from './gates.ts'
import { type Edge, type Look, deploymentPath, factsOf, isThere, look, pathOf, placeOf } from './look.ts'
import { type Deployment, annotationPatch, isOfRevision, isPromoted } from './order.ts'
import { type FlaggerConfig, namesOf } from './schema.ts'

const ALL = { old: 0, new: 100 }
const TAKE_UP_MS_MAX = 1_000 // it takes intervals of ten seconds at least

/** A look at the Canary, and at the primary that a promotion writes over. */
export interface LookAtBoth {
  here: Look
  primary: Deployment
}

export async function lookAtBoth(edge: Edge, target: string, io: Io): Promise<LookAtBoth> {
  const { config, kube } = edge
  const { namespace } = config
  const { primary: name } = namesOf(config)
  const doing = `reading Deployment ${namespace}/${name} in cluster ${kube.cluster}`
  const [here, primary] = await Promise.all([
    look(edge, target, io),
    kube.get<Deployment>({ path: deploymentPath(namespace, name), doing }, io),
  ])
  return { here, primary }
}

/** While a promotion is ordered or under way, the other value stands beside what Flagger has finished. */
export function promotionIn(both: LookAtBoth, config: FlaggerConfig): Promoting {
  const { canary, deployment, asked } = both.here
  const isOurs = asked !== null && isOfRevision(asked, deployment)
  if (isOurs && isPromoted(asked, canary)) {
    const places = unsettled(both, config)
    return { value: stableIs('new'), elsewhere: places.map((place) => ({ place, value: stableIs('old') })) }
  }
  const why = isOurs ? promotingWords(both.here) : null
  const place = `${placeOf(config)}, ${why}`
  return {
    value: stableIs('old'),
    elsewhere: why === null ? [] : [{ place, value: stableIs('new') }],
  }
}

function promotingWords({ canary, order }: Look): string | null {
  const { phase, lastAppliedSpec } = canary.status ?? {}
  if (isPromoting(canary)) return `which Flagger is promoting (phase ${phase})`
  const named = canary.metadata.annotations?.[PROMOTE] ?? ''
  const isOrdered = order !== null && order.to > 0 && named !== '' && named === lastAppliedSpec
  return isOrdered ? `whose promotion is ordered and not begun (phase ${phase})` : null
}

/** Places in which the promotion is not over yet. */
function unsettled({ here, primary }: LookAtBoth, config: FlaggerConfig): string[] {
  const { canary, deployment, route } = here
  const { phase = 'none' } = canary.status ?? {}
  const name = `Deployment ${config.namespace}/${namesOf(config).primary}`
  const { replicas = 1 } = primary.spec
  const ready = primary.status?.availableReplicas ?? 0
  return [
    ...(phase === 'Succeeded' ? [] : [`${placeOf(config)}, which Flagger calls ${phase}`]),
    ...(route.weight === 0
      ? []
      : [`the route of ${placeOf(config)}, which still gives its canary ${route.weight}`]),
    ...(isDeepStrictEqual(imagesIn(primary), imagesIn(deployment))
      ? []
      : [`${name}, which runs other images than the new revision`]),
    ...(ready >= replicas ? [] : [`${name}, of which ${ready} of ${replicas} pods are ready`]),
  ]
}

function imagesIn({ spec }: Deployment): Json[] {
  const { containers = [] } = (spec.template['spec'] ?? {}) as { containers?: { image?: string }[] }
  return containers.map(({ image = '' }) => image)
}

export function seenStable(both: LookAtBoth, config: FlaggerConfig): Observed<Stable> & { version: string } {
  const { canary, order } = both.here
  const { value, elsewhere } = promotionIn(both, config)
  return {
    value,
    version: versionOfParts({
      identity: canary.metadata.uid,
      own: { value, elsewhere, order } as unknown as Json,
      beside: canary.spec,
    }),
    facts: factsOf(both.here),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  }
}

/** Why it cannot be promoted as it stands; null: it can, or has been. */
export function unpromotable(here: Look, config: FlaggerConfig): Amiss | null {
  const { canary, deployment, order, isGone } = here
  if (isGone) return null
  const amiss = unfit(canary, config)
  if (amiss.length > 0) return refused(amiss.join('; '))
  if (order === null)
    return refused(
      'nothing is asked of the revision that Flagger has: it is not the one that this run has moved users to',
    )
  if (!isUnderWay(canary))
    return refused(`Flagger has no revision under way (phase ${canary.status?.phase ?? 'none'})`)
  if (!isThere(here, ALL))
    return refused(`users are shared ${JSON.stringify(here.value)}: all must be on the new side`)
  const { replicas = 1 } = deployment.spec
  const ready = deployment.status?.availableReplicas ?? 0
  if (ready >= Math.max(1, replicas)) return null
  return passing(`${ready} of ${replicas} pods of the new revision are ready`)
}

export function promotionOf(edge: Edge, target: string): Promotion<LookAtBoth> {
  const { config, kube } = edge
  return {
    place: placeOf(config),
    look: (io) => lookAtBoth(edge, target, io),
    promoting: (both) => promotionIn(both, config),
    seen: (both) => seenStable(both, config),
    stored: ({ here: { canary } }) => ({ kube, object: canary, path: pathOf(config) }),
    amiss: ({ here }) => unpromotable(here, config),
    order: ({ here: { canary } }) => ({
      path: pathOf(config),
      patch: annotationPatch(canary, PROMOTE, canary.status?.lastAppliedSpec ?? ''),
    }),
    isFinal:
      'its promotion is ordered: it copies the new revision over the old one, and only a new rollout of that leads back',
    takeUp: { withinMs: TAKE_UP_MS_MAX, isThere: ({ value }) => value.stable === 'new' },
  }
}
