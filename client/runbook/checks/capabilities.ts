// What a step needs and its provider cannot do: refused on paper rather than in the night.
import type { ProviderSpec } from '../../../activities/provider.ts'
import type { PreflightSupports } from '../../../workflows/ports/preflight.ts'
import { COHORT, MIRROR, STABLE, type TrafficSupports } from '../../../workflows/ports/traffic.ts'
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
      if (connection === undefined || supports === undefined) return []
      const { provider } = connection
      if (supports.port === 'preflight') return acceptFindings(step, supports, { name, provider })
      if (supports.port !== 'traffic') return []
      return [
        ...ABILITIES.filter(({ isNeeded, isThere }) => isNeeded(step, name) && !isThere(supports)).map(
          (ability) => unable([...step.path, ...path], { ability, kind: step.kind, provider, specs }),
        ),
        ...weightFindings(step, supports, { name, provider }),
      ]
    }),
  )
}

/** What is accepted under a wrong name is not accepted, and would be found out at the gate. */
function acceptFindings(
  step: Step,
  { checks }: PreflightSupports,
  { name, provider }: { name: string; provider: string },
): Finding[] {
  const { examinations = [] } = kindOf(step).needs?.(step.spec) ?? {}
  const accepted = examinations.filter(({ connection }) => connection === name)
  return accepted.flatMap((examination) =>
    Object.keys(examination.accepted).flatMap((check): Finding[] => {
      if (checks.includes(check)) return []
      const message = `${provider} has no check ${check}`
      return [{ path: [...step.path, 'accept', check], message, fix: `its checks: ${checks.join(', ')}` }]
    }),
  )
}

interface Ability {
  /** `cannot ...` */
  words: string
  /** What to do where no provider can, or this one shall stay. */
  instead: string
  isNeeded(step: Step, connection: string): boolean
  isThere(supports: TrafficSupports): boolean
}

const ABILITIES: Ability[] = [
  {
    words: 'mirror traffic',
    instead: 'leave the step out',
    isNeeded: (step, name) => changes(step, name, MIRROR),
    isThere: ({ mirror }) => mirror,
  },
  {
    words: 'lead a cohort',
    instead: 'begin with a small share',
    isNeeded: (step, name) => changes(step, name, COHORT),
    isThere: (supports) => supports.cohort !== undefined,
  },
  {
    words: 'promote',
    instead: 'leave the step out: with 100% on the new side the run has moved all users',
    isNeeded: (step, name) => changes(step, name, STABLE),
    isThere: ({ promotes }) => promotes !== undefined,
  },
  {
    words: 'count requests in flight',
    instead: 'let a query count them (in_flight: { from, query })',
    isNeeded: (step, name) =>
      kindOf(step)
        .needs?.(step.spec)
        .drains?.some(({ connection }) => connection === name) ?? false,
    isThere: ({ inFlight }) => inFlight !== undefined,
  },
]

function changes(step: Step, connection: string, target: string): boolean {
  return outline(step, () => undefined).changes.some(
    (change) => change.connection === connection && change.target === target,
  )
}

type Unable = { ability: Ability; kind: string; provider: string; specs: readonly ProviderSpec[] }

function unable(path: Path, { ability, kind, provider, specs }: Unable): Finding {
  const able = specs
    .filter(({ supports }) => supports.port === 'traffic' && ability.isThere(supports))
    .map(({ id }) => id)
  const message = `${provider} cannot ${ability.words}, which a ${kind} needs`
  return { path, message, fix: `${ability.instead}, or a connection that can: ${oneOf(able)}` }
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
