// What a step needs and its provider cannot do: refused on paper rather than in the night.
import type { ProviderSpec } from '../../../activities/provider.ts'
import { MIRROR, type TrafficSupports } from '../../../workflows/ports/traffic.ts'
import { mainConnectionsIn } from '../../../workflows/steps/connections.ts'
import { kindOf, outline } from '../../../workflows/steps/kind-of.ts'
import { oneOf } from '../suggestions.ts'
import type { Parts, Step } from '../parts.ts'
import type { Finding, Path } from '../problem.ts'

const ROUNDING = 1e-6 // of 0.1 + 0.2

export function capabilityFindings(parts: Parts, specs: readonly ProviderSpec[]): Finding[] {
  return parts.steps.flatMap((step) =>
    mainConnectionsIn(step).flatMap(({ name, path }) => {
      const connection = parts.connections.find((each) => each.name === name)
      const supports = connection?.spec.supports
      if (connection === undefined || supports?.port !== 'traffic') return []
      const { provider } = connection
      return [
        ...(mirrors(step, name) && !supports.mirror
          ? [cannotMirror([...step.path, ...path], { kind: step.kind, provider, specs })]
          : []),
        ...weightFindings(step, supports, { name, provider }),
      ]
    }),
  )
}

function mirrors(step: Step, connection: string): boolean {
  const { changes } = outline(step, () => undefined)
  return changes.some((change) => change.connection === connection && change.target === MIRROR)
}

function cannotMirror(
  path: Path,
  { kind, provider, specs }: { kind: string; provider: string; specs: readonly ProviderSpec[] },
): Finding {
  const able = specs
    .filter(({ supports }) => supports.port === 'traffic' && supports.mirror)
    .map(({ id }) => id)
  const fix = able.length === 0 ? 'leave the step out' : `a connection that can mirror: ${oneOf(able)}`
  return { path, message: `${provider} cannot mirror traffic, which a ${kind} needs`, fix }
}

function weightFindings(
  step: Step,
  { weightStep }: TrafficSupports,
  { name, provider }: { name: string; provider: string },
): Finding[] {
  const moves = kindOf(step).moves?.(step.spec) ?? []
  return moves.flatMap(({ connection, share, path }) => {
    if (connection !== name || share === null) return []
    const steps = share / weightStep
    if (Math.abs(steps - Math.round(steps)) < ROUNDING) return []
    const fix = `write ${Math.max(1, Math.round(steps)) * weightStep}%`
    const message = `${provider} sets weights in steps of ${weightStep}%`
    return [{ path: [...step.path, ...path], message, fix }]
  })
}
