// Guards: demanded where something changes and where users move, able to say bad, their numbers possible.
import { edgesOf } from '../../../workflows/edges.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Plan, PlannedGuard, PlannedStep } from '../../../workflows/plan.ts'
import { threshold } from '../../../workflows/quantities.ts'
import { kindOf, outline } from '../../../workflows/steps/kind-of.ts'
import type { Edge } from '../../../workflows/served-sides.ts'
import type { StepKind } from '../../../workflows/steps/schemas.ts'
import type { Parts } from '../parts.ts'
import type { Finding } from '../problem.ts'
import { entries, stepsOf } from '../uses.ts'
import { watchedMoments } from '../watched.ts'

export function guardDemand(runbook: JsonObject): Finding[] {
  const steps = stepsOf(runbook)
  const first = steps.find((step) => kindOf(step).changes && step.spec['unwatched'] === undefined)
  if (first === undefined || entries(runbook['guards']).length > 0) return []
  const moves = steps.filter(movesUsers)
  if (moves.length > 0 && moves.every(({ spec }) => spec['unwatched'] !== undefined)) return []
  const message = `no guards: ${first.kind} changes the world, and nothing would send the run back`
  const fix = 'name at least one number to watch: errors: { from: prom, query: ..., max: 0.5% }'
  return [{ path: runbook['guards'] === undefined ? [] : ['guards'], message, fix }]
}

/** Every moment of a step that moves users needs a guard that acts, or a reason why none does. */
export function unwatchedMoves(plan: Plan, parts: Parts): Finding[] {
  if (plan.guards.length === 0) return [] // said once, of the whole runbook
  const moments = watchedMoments(plan)
  const edges = edgesOf(plan)
  return plan.steps.flatMap((step, index) => {
    if (!movesUsers(step) || whyUnwatched(step) !== null) return []
    const acting = (moments[index] ?? []).map((guards) => guards.filter(({ dry_run }) => !dry_run))
    const blind = edgesMoved(step, edges).find((edge) =>
      acting.some((guards) => !guards.some(({ of }) => of === undefined || of === edge)),
    )
    if (blind === undefined && acting.every((guards) => guards.length > 0)) return []
    const path = parts.steps[index]?.path ?? ['steps', index]
    const isOfOne = plan.guards.some(({ of }) => of !== undefined)
    const where = blind !== undefined && isOfOne ? ` of ${blind}` : ''
    const message = `no guard acts on this ${step.kind}${where}${reasonsOf(step, { guards: plan.guards, moments: moments[index] ?? [], blind })}: nothing would send its users back`
    return [
      { path, at: 'key', message, fix: 'let a guard act on it, or say why none does: unwatched: "..."' },
    ]
  })
}

/** A reason for not watching that is not true (any more). */
export function watchedAfterAll(plan: Plan, parts: Parts): Finding[] {
  const moments = watchedMoments(plan)
  const edges = edgesOf(plan)
  return plan.steps.flatMap((step, index) => {
    const moved = edgesMoved(step, edges)
    const acting = (moments[index] ?? [])
      .flat()
      .find(({ dry_run, of }) => !dry_run && (of === undefined || moved.length === 0 || moved.includes(of)))
    if (whyUnwatched(step) === null || acting === undefined) return []
    const path = [...(parts.steps[index]?.path ?? []), 'unwatched']
    return [
      {
        path,
        message: `${acting.name} does act on this ${step.kind}`,
        fix: 'remove unwatched, or say guards: []',
      },
    ]
  })
}

export function impossibleLimits({ guards }: Parts): Finding[] {
  return guards
    .filter(({ min, max }) => min !== undefined && max !== undefined && threshold(min) > threshold(max))
    .map(({ name }) => ({
      path: ['guards', name, 'min'],
      message: 'min exceeds max: no reading could ever be good',
      fix: 'exchange them',
    }))
}

function movesUsers(step: { kind: StepKind }): boolean {
  return kindOf(step).moves !== undefined
}

/** Copies count: they load the new side as users would. */
function edgesMoved(step: PlannedStep, edges: readonly Edge[]): string[] {
  const changes = outline(step, () => undefined).changes.map(({ connection }) => connection)
  return edges.flatMap(({ name }) => (changes.includes(name) ? [name] : []))
}

/** Which guards there are, and why none of them acts. */
function reasonsOf(
  step: PlannedStep,
  {
    guards,
    moments,
    blind,
  }: { guards: PlannedGuard[]; moments: PlannedGuard[][]; blind: string | undefined },
): string {
  if (step.spec.guards?.length === 0) return ' (guards: [])'
  const named = guards.filter(({ name }) => step.spec.guards === undefined || step.spec.guards.includes(name))
  const asleep = moments.find((armed) => !armed.some(({ dry_run }) => !dry_run)) ?? []
  const words = named.map((guard) => {
    if (guard.of !== undefined && guard.of !== blind && blind !== undefined)
      return `${guard.name} watches ${guard.of}`
    if (guard.dry_run) return `${guard.name} is a dry run`
    return asleep.includes(guard) ? guard.name : `${guard.name} sleeps, ${sleepReason(guard)}`
  })
  return words.length === 0 ? '' : ` (${words.join('; ')})`
}

function sleepReason(guard: PlannedGuard): string {
  return guard.compare === undefined
    ? `the ${guard.side} side is not served`
    : 'it compares and one side is not served'
}

function whyUnwatched(step: PlannedStep): string | null {
  return 'unwatched' in step.spec ? (step.spec.unwatched ?? null) : null
}
