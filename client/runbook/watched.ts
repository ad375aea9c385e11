// Which guards each step of a plan is going to be watched by: the engine's own rule, with the steps before it taken as done.
import type { Plan, PlannedGuard, PlannedStep } from '../../workflows/plan.ts'
import type { Mirror, Split } from '../../workflows/ports/traffic.ts'
import { isArmed } from '../../workflows/run/guarding.ts'
import { outline } from '../../workflows/steps/outlines.ts'
import type { StepKind } from '../../workflows/steps/schemas.ts'

type Serving = { old: boolean; new: boolean }

const UNWATCHED: ReadonlySet<StepKind> = new Set(['announce', 'check']) // over in seconds, they change nothing

/** Per step, in order: the guards that are watched at some moment of it. */
export function watchedGuards(plan: Plan): PlannedGuard[][] {
  return watchedMoments(plan).map((moments) =>
    plan.guards.filter((guard) => moments.some((armed) => armed.includes(guard))),
  )
}

/** Per step, in order: the guards that are watched at each moment of it that lasts. */
export function watchedMoments(plan: Plan): PlannedGuard[][][] {
  const splits = new Map<string, Split>()
  const mirrors = new Map<string, Mirror>()
  let now: Serving = { old: true, new: false }
  return plan.steps.map((step) => {
    const during = momentsOf(step, now, { splits, mirrors })
    now = during.at(-1) ?? now
    if (UNWATCHED.has(step.kind)) return []
    const lasting = step.kind === 'shadow' ? during.slice(0, -1) : during // it ends with the end of mirroring
    const named = plan.guards.filter(
      ({ name }) => step.spec.guards === undefined || step.spec.guards.includes(name),
    )
    return lasting.map((serving) => named.filter((guard) => isArmed(guard, serving)))
  })
}

/** Guards that no step is ever watched by: their side gets no traffic, or no step names them. */
export function neverWatched(plan: Plan): PlannedGuard[] {
  const watched = new Set(watchedGuards(plan).flatMap((guards) => guards.map(({ name }) => name)))
  return plan.guards.filter(({ name }) => !watched.has(name))
}

type Traffic = { splits: Map<string, Split>; mirrors: Map<string, Mirror> }

/** Which sides are served at the moments of a step, the last one being how it leaves things. */
function momentsOf(step: PlannedStep, before: Serving, traffic: Traffic): Serving[] {
  // Caches follow a record one by one.
  if (step.kind === 'repoint') return [{ old: true, new: true }, { old: false, new: true }] // prettier-ignore
  if (step.kind !== 'canary' && step.kind !== 'switch' && step.kind !== 'shadow') return [before]
  return outline(step, () => undefined).changes.map(({ connection, target, desired }) => {
    if (target === 'split') traffic.splits.set(connection, desired as Split)
    else traffic.mirrors.set(connection, desired as Mirror)
    return servingOf(traffic)
  })
}

function servingOf({ splits, mirrors }: Traffic): Serving {
  const shares = [...splits.values()]
  return {
    old: shares.length === 0 || shares.some((split) => split.old > 0),
    new: shares.some((split) => split.new > 0) || [...mirrors.values()].some((mirror) => mirror.percent > 0),
  }
}
