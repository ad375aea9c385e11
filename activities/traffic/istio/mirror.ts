// The mirror of an http route to the shadow: `mirrors`, or the older `mirror` with `mirrorPercentage`, whichever is there. Pure.
import type { Mirror } from '../../../workflows/ports/traffic.ts'
import { failure } from '../../failure.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import type { RuleHere } from '../rules.ts'
import { isSame, storedName, storedOf } from './destination.ts'
import type { IstioConfig } from './schema.ts'
import type { HttpRule, MirrorEntry, Percentage, VirtualService } from './virtual-service.ts'

const PARTS = 10_000 // of a per cent: Envoy counts in millionths

type Config = Pick<IstioConfig, 'virtual_service' | 'namespace' | 'shadow'>

/** In percent. */
export function mirroredBy(rule: HttpRule, config: Config): number {
  if (isOlder(rule, config)) return percentOf(rule.mirrorPercentage)
  const entry = rule.mirrors?.find((each) => isToShadow(each, config))
  return entry === undefined ? 0 : percentOf(entry.percentage)
}

/** What sets the mirrors; those to others keep their place. Raises Rejected. */
export function mirrorPatch(
  service: VirtualService,
  { rules, desired, config }: { rules: RuleHere[]; desired: Mirror; config: Config },
): PatchOperation[] {
  const { percent } = desired
  const place = `VirtualService ${config.namespace}/${config.virtual_service}`
  const isWhole = Math.abs(percent * PARTS - Math.round(percent * PARTS)) < 1e-6
  if (!(percent >= 0 && percent <= 100) || !isWhole)
    throw failure(
      'Rejected',
      `${place}: ${percent} % cannot be mirrored: 0 to 100 with at most four decimals`,
    )
  return rules.flatMap(({ at, label }): PatchOperation[] => {
    const rule = service.spec.http?.[at] ?? {}
    const path = `/spec/http/${at}`
    // At 0 as well: taken away, it would come back in the other form.
    if (isOlder(rule, config))
      return [{ op: 'add', path: `${path}/mirrorPercentage`, value: { value: percent } }]
    if (rule.mirror !== undefined && percent > 0)
      throw failure(
        'Rejected',
        `${place}: ${label} has a \`mirror\` to ${storedName(rule.mirror)}, beside which there can be no other: write it under \`mirrors\``,
      )
    const wanted = entriesFor(rule.mirrors ?? [], percent, config)
    if (wanted.length > 0) return [{ op: 'add', path: `${path}/mirrors`, value: wanted }]
    return rule.mirrors === undefined ? [] : [{ op: 'remove', path: `${path}/mirrors` }]
  })
}

export function withoutMirrorTo(rule: HttpRule, config: Config): HttpRule {
  const { mirror, mirrorPercentage, mirrors = [], ...rest } = rule
  for (const key of ['mirror', 'mirrorPercentage', 'mirrors']) delete rule[key]
  const kept = mirrors.filter((each) => !isToShadow(each, config))
  if (mirror === undefined || isOlder({ mirror }, config)) return { ...rest, mirrors: kept }
  return { ...rest, mirrors: kept, mirror, ...(mirrorPercentage && { mirrorPercentage }) }
}

function entriesFor(there: MirrorEntry[], percent: number, config: Config): MirrorEntry[] {
  const { shadow } = config
  if (shadow === undefined) return there
  if (percent === 0) return there.filter((each) => !isToShadow(each, config))
  const percentage = { value: percent }
  if (!there.some((each) => isToShadow(each, config)))
    return [...there, { destination: storedOf(shadow), percentage }]
  return there.map((each) => (isToShadow(each, config) ? { ...each, percentage } : each))
}

/** Without a share: every request. */
function percentOf(percentage: Percentage | undefined): number {
  return percentage === undefined ? 100 : (percentage.value ?? 0)
}

function isOlder({ mirror }: HttpRule, { shadow, namespace }: Config): boolean {
  return shadow !== undefined && mirror !== undefined && isSame(mirror, shadow, namespace)
}

function isToShadow({ destination }: MirrorEntry, { shadow, namespace }: Config): boolean {
  return shadow !== undefined && isSame(destination, shadow, namespace)
}
