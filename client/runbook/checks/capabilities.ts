// What a step needs and its provider cannot do: refused on paper rather than in the night.
import type { ProviderSpec } from '../../../activities/provider.ts'
import { percent } from '../../../workflows/quantities.ts'
import type { TrafficSupports } from '../../../workflows/ports/traffic.ts'
import { oneOf } from '../nearest.ts'
import type { Parts, Step } from '../parts.ts'
import type { Finding } from '../problem.ts'

const ROUNDING = 1e-6 // of 0.1 + 0.2

export function capabilityFindings(parts: Parts, specs: readonly ProviderSpec[]): Finding[] {
  return parts.steps.flatMap((step) => {
    if (step.kind !== 'shadow' && step.kind !== 'canary') return []
    const connection = parts.connections.find(({ name }) => name === step.spec.connection)
    const supports = connection?.spec.supports
    if (connection === undefined || supports?.port !== 'traffic') return []
    if (step.kind === 'canary') return weightFindings(step, supports, connection.provider)
    return supports.mirror ? [] : [cannotMirror(step, connection.provider, specs)]
  })
}

function cannotMirror(step: Step, provider: string, specs: readonly ProviderSpec[]): Finding {
  const able = specs
    .filter(({ supports }) => supports.port === 'traffic' && supports.mirror)
    .map(({ id }) => id)
  const fix = able.length === 0 ? 'leave the step out' : `a connection that can mirror: ${oneOf(able)}`
  return {
    path: [...step.path, 'connection'],
    message: `${provider} cannot mirror traffic, which a shadow needs`,
    fix,
  }
}

function weightFindings(
  step: Extract<Step, { kind: 'canary' }>,
  { weightStep }: TrafficSupports,
  provider: string,
): Finding[] {
  return step.spec.weights.flatMap((weight, index) => {
    const steps = percent(weight) / weightStep
    if (Math.abs(steps - Math.round(steps)) < ROUNDING) return []
    const fix = `write ${Math.max(1, Math.round(steps)) * weightStep}%`
    return [
      {
        path: [...step.path, 'weights', index],
        message: `${provider} sets weights in steps of ${weightStep}%`,
        fix,
      },
    ]
  })
}
