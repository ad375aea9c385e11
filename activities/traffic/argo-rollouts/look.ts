// One look at a Rollout. The value is what its traffic router holds; what the controller says it has set, and where the Rollout is
// going by what is stored, stand beside it as other places while they differ.
import { type Json, type JsonObject, matches } from '../../../workflows/json.ts'
import type { Elsewhere, Io, Observed } from '../../../workflows/ports/target.ts'
import { type Split, SPLIT, STABLE } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { Kube } from '../../kubernetes/client.ts'
import { versionOf } from '../../kubernetes/over.ts'
import { type Writer, writerOf } from '../../kubernetes/owners.ts'
import type { VirtualService } from '../istio/virtual-service.ts'
import { sharesOf } from '../parts.ts'
import { cautionsOf } from './cautions.ts'
import { type Rollout, isUpdating } from './rollout.ts'
import { weightsIn } from './router.ts'
import { type ArgoRolloutsConfig, GROUP, ROUTER_GROUP } from './schema.ts'
import { headingOf, unfit } from './steps.ts'
import { type Versions, isNewVersion, newWords, wordsOf } from './versions.ts'

const CONTROLLER = /rollouts-controller/ // its name as a field manager: what it writes is nobody's decision

export interface Edge {
  config: ArgoRolloutsConfig
  kube: Kube
  versions: Versions
}

export interface Look {
  rollout: Rollout
  service: VirtualService | null
  value: Split
  elsewhere: Elsewhere[]
  /** The stable version is the new one, and nothing else is asked for: nothing is left to be moved, and no abort leads back. */
  isOver: boolean
  isStableNew: boolean
}

export function pathOf({ namespace, rollout }: ArgoRolloutsConfig): string {
  return `/apis/${GROUP}/v1alpha1/namespaces/${namespace}/rollouts/${rollout}`
}

export function placeOf({ namespace, rollout }: ArgoRolloutsConfig): string {
  return `Rollout ${namespace}/${rollout}`
}

export async function look(edge: Edge, target: string, io: Io): Promise<Look> {
  const { config, kube } = edge
  if (target !== SPLIT && target !== STABLE)
    throw failure('Unsupported', `traffic/argo-rollouts cannot change ${target}: it has split and stable`)
  const doing = `reading ${target} of ${placeOf(config)} in cluster ${kube.cluster}`
  const [rollout, service] = await Promise.all([
    kube.get<Rollout>({ path: pathOf(config), doing }, io),
    serviceOf(edge, io),
  ])
  const why = unfit(rollout)
  if (why !== null) throw failure('Config', `${placeOf(config)}: ${why}`)
  const sides = await sidesOf(edge, rollout, io)
  return {
    rollout,
    service,
    isOver: !isUpdating(rollout) && sides.stable,
    isStableNew: sides.stable,
    ...valueOf(edge, { rollout, service, sides }),
  }
}

async function serviceOf({ config, kube }: Edge, io: Io): Promise<VirtualService | null> {
  const { virtual_service: name, namespace } = config
  if (name === undefined) return null
  const path = `/apis/${ROUTER_GROUP}/v1/namespaces/${namespace}/virtualservices/${name}`
  const doing = `reading VirtualService ${namespace}/${name} in cluster ${kube.cluster}`
  return await kube.get<VirtualService>({ path, doing }, io)
}

/** Whether each side of the router leads to the new version. */
type Sides = { stable: boolean; canary: boolean }

async function sidesOf(edge: Edge, rollout: Rollout, io: Io): Promise<Sides> {
  const { config, versions } = edge
  const { stableRS: stable = '', currentPodHash: current = '', canary } = rollout.status ?? {}
  if (stable === '')
    throw failure('Unavailable', `${placeOf(config)} has no stable version yet: its first one is not up`)
  const behind = canary?.weights ?? null
  const canaryHash = behind?.canary.podTemplateHash ?? (current === '' ? stable : current)
  const [isStableNew, isCanaryNew, isCurrentNew] = await Promise.all(
    [behind?.stable.podTemplateHash ?? stable, canaryHash, current === '' ? stable : current].map((hash) =>
      isNewVersion(versions, hash, io),
    ),
  )
  if (isUpdating(rollout) && isStableNew === isCurrentNew) {
    const words = `from ${wordsOf(versions, stable)} to ${wordsOf(versions, current)}`
    throw isStableNew === true
      ? failure(
          'Config',
          `${placeOf(config)} goes ${words}: both are \`new\` (${newWords(config)}); name its template_hash`,
        )
      : failure('Missing', `${placeOf(config)} goes ${words}: neither is \`new\` (${newWords(config)})`)
  }
  return { stable: isStableNew === true, canary: isCanaryNew === true }
}

function valueOf(
  { config }: Edge,
  { rollout, service, sides }: { rollout: Rollout; service: VirtualService | null; sides: Sides },
): { value: Split; elsewhere: Elsewhere[] } {
  const shares = (weights: { canary: number; stable: number }): Split => {
    const of = (isNew: boolean): number =>
      (sides.stable === isNew ? weights.stable : 0) + (sides.canary === isNew ? weights.canary : 0)
    return sharesOf({ old: of(false), new: of(true) }).split
  }
  const set = rollout.status?.canary?.weights ?? null
  const said = shares({ canary: set?.canary.weight ?? 0, stable: set?.stable.weight ?? 1 })
  const routes = service === null ? [] : weightsIn(service, { rollout, config })
  const heading = headingOf(rollout)
  const places: Elsewhere[] = [
    ...routes.map((route) => ({ place: route.label, value: shares(route) })),
    { place: `status of ${placeOf(config)}`, value: said },
    ...(heading === null ? [] : [{ place: `${placeOf(config)}, ${heading.words}`, value: heading.split }]),
  ]
  const value = (places[0] as Elsewhere).value as Split
  return { value, elsewhere: places.filter((each) => !matches(each.value, value)) }
}

export function observed(here: Look, edge: Edge): Observed<Split> & { version: string } {
  const { rollout, service, value, elsewhere } = here
  const { status = {}, metadata, spec } = rollout
  const { currentStepIndex: step = 0 } = status
  const cautions = cautionsOf(here, edge.config)
  const own = { value, elsewhere, step, abort: status.abort ?? false, waits: status.pauseConditions ?? [] }
  return {
    value,
    version: versionOf(metadata, own, spec),
    facts: factsOf(rollout),
    ...writerHere(rollout, service),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...(cautions.length === 0 ? {} : { cautions }),
  }
}

export function factsOf({ status = {} }: Rollout): JsonObject {
  const { phase = 'unknown', message = '', currentStepIndex: step = 0 } = status
  return { phase, step, message, stable: status.stableRS ?? '', current: status.currentPodHash ?? '' }
}

/** Whoever wrote the weights, or the abort, beside the controller. */
function writerHere(rollout: Rollout, service: VirtualService | null): Partial<Writer> {
  const of = service === null ? null : writerOf(service, ['spec', 'http'])
  if (of !== null && !CONTROLLER.test(of.writer)) return of
  const by = writerOf(rollout, ['status', 'abort'])
  return by === null || CONTROLLER.test(by.writer) ? {} : by
}

/** Whether every place holds it. */
export function isThere({ value, elsewhere }: Look, desired: Json): boolean {
  return matches(value, desired) && elsewhere.every((each) => matches(each.value, desired))
}
