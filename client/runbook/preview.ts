// What a plan is going to do, step by step: each change from what to what, with the steps before it taken as done. Pure.
import type { Json } from '../../workflows/json.ts'
import type { Plan, PlannedGuard, PlannedStep, ValueOf } from '../../workflows/plan.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import type { TrialResult } from '../../workflows/trial.ts'
import { otherSignsSeen } from './checks/signs.ts'
import { unheldAtHome } from './checks/unheld.ts'
import { explained } from './explained.ts'
import { type PlanProblem, problemsOf } from './plan-problems.ts'
import type { Surveyed } from './surveyed.ts'
import { coveredAt, declaredAt } from './reconciled.ts'
import { targetNotes } from './target-notes.ts'
import { watchedGuards } from './watched.ts'
import type { Declaration } from '../../workflows/ports/target.ts'
import { mainConnectionsIn } from '../../workflows/steps/connections.ts'
import { kindOf, outline, reversibility } from '../../workflows/steps/kind-of.ts'
import type { Reversibility } from '../../workflows/steps/kind.ts'
import type { StepKind } from '../../workflows/steps/schemas.ts'
import type { ProviderSpec } from '../../activities/provider.ts'

/** `before` null: not looked at. `desired` null: depends on what is found. */
export type PreviewedChange = {
  connection: string
  port: PortName | null
  target: string
  before: Json | null
  desired: Json | null
  problem: string | null
}

export type PreviewedStep = {
  id: string
  kind: StepKind
  title: string
  changes: PreviewedChange[]
  reversible: boolean
  /** Why there is no way back from here; null = there is one. */
  irreversible: string | null
  back: string
  watched: string[]
  /** Why the runbook wants no guard here; null = it does not say. */
  unwatched: string | null
  decides: string | null
  shortest: string
  /** null = until a person decides. */
  longest: string | null
  cautions: string[]
  /** What was found of the step's targets and journeys that a person should know. */
  notes: string[]
  /** Who would put back what the step changes, and is suspended by then. */
  covered: string[]
  /** What must be declared when it comes to this step. */
  declare: Declaration[]
}

export type Preview = {
  digest: string
  service: string
  description: string
  steps: PreviewedStep[]
  shortest: string
  longest: string | null
  problems: PlanProblem[]
  /** Everything that was tried, with what came back. */
  tried: TrialResult[]
}

/** `specs` lend the cautions of the providers. */
export function preview(plan: Plan, surveyed: Surveyed, specs: readonly ProviderSpec[]): Preview {
  const { looks, trials, claims = [] } = surveyed
  const values = new Map(
    looks.flatMap((look) => (look.observed === null ? [] : [[keyOf(look), look.observed.value] as const])),
  )
  const troubles = new Map(
    looks.flatMap((look) => (look.problem === null ? [] : [[keyOf(look), look.problem] as const])),
  )
  const tried = explained(plan, { looks, trials })
  const guards = watchedGuards(plan)
  const told = new Set<string>()
  const untold = (text: string) => !told.has(text) && told.add(text)
  let shortestMs = 0
  let longestMs: number | null = 0
  const seen: ValueOf = Object.assign(
    (connection: string, target: string) => values.get(keyOf({ connection, target })),
    {
      look: (connection: string, target: string) =>
        looks.find((look) => keyOf(look) === keyOf({ connection, target }))?.observed ?? undefined,
    },
  )
  const steps = plan.steps.map((step, index): PreviewedStep => {
    const planned = outline(step, seen)
    const goingBack = reversibility(step, null)
    shortestMs += planned.shortestMs
    longestMs = longestMs === null || planned.longestMs === null ? null : longestMs + planned.longestMs
    const changes = planned.changes.map((change): PreviewedChange => {
      const key = keyOf(change)
      const before = values.get(key) ?? null
      if (change.desired !== null) values.set(key, change.desired)
      const port = plan.connections[change.connection]?.port ?? null
      return { ...change, port, before, problem: before === null ? (troubles.get(key) ?? null) : null }
    })
    const coveredBy = coveredAt(plan, step.index, looks)
    const own = changes.flatMap((change) => looks.find((look) => keyOf(look) === keyOf(change)) ?? [])
    return {
      id: step.id,
      kind: step.kind,
      title: step.title,
      changes,
      reversible: goingBack.is !== 'irreversible',
      irreversible: goingBack.is === 'irreversible' ? goingBack.because : null,
      back: backWords(planned.back, goingBack),
      watched: watchedIn(step, guards[index] ?? []),
      unwatched: unwatchedIn(step),
      decides: planned.decides,
      shortest: formatDuration(planned.shortestMs),
      longest: planned.longestMs === null ? null : formatDuration(planned.longestMs),
      cautions: cautionsOf(step, plan, specs).filter(untold),
      notes: [
        ...changes.flatMap((change) => targetNotes(change, { own, claims, coveredBy })),
        ...otherSignsSeen(step, own),
        ...unheldAtHome(plan, step, seen),
        ...tried.flatMap((trial) => (trial.step === step.id ? trial.notes : [])),
      ].filter(untold),
      covered: own.flatMap((look) => coveredBy(look).map(({ instead }) => instead)).filter(untold),
      declare: declaredAt(plan, step.index, looks),
    }
  })
  return {
    digest: plan.digest,
    service: plan.service,
    description: plan.description,
    steps,
    shortest: formatDuration(shortestMs),
    longest: longestMs === null ? null : formatDuration(longestMs),
    problems: problemsOf(plan, { looks, trials }),
    tried,
  }
}

/** Every target that the preview needs a look at: those that change and those that a change is computed from. */
export function targetsToLookAt(plan: Plan): { connection: string; target: string }[] {
  const targets = new Map(
    plan.targets.map(({ connection, target }) => [keyOf({ connection, target }), { connection, target }]),
  )
  for (const step of plan.steps) {
    outline(step, (connection, target) => {
      targets.set(keyOf({ connection, target }), { connection, target })
      return undefined
    })
  }
  return [...targets.values()]
}

function watchedIn(step: PlannedStep, guards: PlannedGuard[]): string[] {
  const { journeys: all = [] } = kindOf(step).needs?.(step.spec) ?? {}
  const journeys = all
    .filter(({ isWatched }) => isWatched)
    .map(({ connection }) => `journey on ${connection}`)
  return [...guards.map(({ name, dry_run }) => (dry_run ? `${name} (dry run)` : name)), ...journeys]
}

function backWords(back: string, goingBack: Reversibility): string {
  if (goingBack.is === 'reversible until') return `${back}; possible until ${goingBack.at}`
  return goingBack.is === 'reversible with loss' ? `${back}; loses ${goingBack.loses}` : back
}

/** Soft: a step of an older plan has no such field. */
function unwatchedIn({ spec }: PlannedStep): string | null {
  const why = (spec as { unwatched?: unknown }).unwatched
  return typeof why === 'string' ? why : null
}

/** What the provider of the step wants known; told once, at the first step that uses it. */
function cautionsOf(step: PlannedStep, plan: Plan, specs: readonly ProviderSpec[]): string[] {
  return mainConnectionsIn(step).flatMap(({ name }) => {
    const spec = specs.find(({ id }) => id === plan.connections[name]?.provider)
    return spec?.supports.cautions.map((caution) => `${spec.id}: ${caution}`) ?? []
  })
}

function keyOf({ connection, target }: { connection: string; target: string }): string {
  return `${connection} ${target}`
}
