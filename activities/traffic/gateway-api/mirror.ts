// What sets the mirrors of the rules that are moved together, as JSON Patch. Pure.
import type { Mirror } from '../../../workflows/ports/traffic.ts'
import type { PatchOperation } from '../../kubernetes/client.ts'
import type { Filter, HttpRoute } from './http-route.ts'
import { MILLION, isMirrorTo } from './mirror-filter.ts'
import type { RuleHere } from '../rules.ts'
import { type Config, refuse } from './place.ts'

/** What sets the mirrors; other filters of the rules keep their place. */
export function mirrorPatch(
  route: HttpRoute,
  { rules, desired, config }: { rules: RuleHere[]; desired: Mirror; config: Config },
): PatchOperation[] {
  const { percent } = desired
  if (!(percent >= 0 && percent <= 100) || !isWhole(percent * (MILLION / 100)))
    throw refuse('Rejected', config, `${percent} % cannot be mirrored: 0 to 100 with at most four decimals`)
  const share = Number.isInteger(percent)
    ? { percent }
    : { fraction: { numerator: Math.round(percent * (MILLION / 100)), denominator: MILLION } }
  return rules.flatMap(({ at }): PatchOperation[] => {
    const filters = route.spec.rules?.[at]?.filters ?? []
    const [name = '', port] = (config.shadow ?? '').split(':')
    const there = filters.find((filter) => isMirrorTo(filter, config.shadow))
    const {
      percent: _percent,
      fraction: _fraction,
      ...mirror
    } = there?.requestMirror ?? {
      backendRef: { name, port: Number(port) },
    }
    const ours: Filter = { type: 'RequestMirror', requestMirror: { ...mirror, ...share } }
    const kept = filters.filter((filter) => percent > 0 || filter !== there)
    const wanted =
      percent === 0
        ? kept
        : there === undefined
          ? [...kept, ours]
          : kept.map((each) => (each === there ? ours : each))
    const path = `/spec/rules/${at}/filters`
    if (wanted.length > 0) return [{ op: 'add', path, value: wanted }]
    return route.spec.rules?.[at]?.filters === undefined ? [] : [{ op: 'remove', path }]
  })
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-6
}
