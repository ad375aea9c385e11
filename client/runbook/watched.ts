// Which guards each step of a plan is going to be watched by: the engine's own rule, with the steps before it taken as done.
import { foundAtStart } from '../../workflows/found.ts'
import type { Plan, PlannedGuard, PlannedStep, ValueOf } from '../../workflows/plan.ts'
import { changingFacts } from '../../workflows/ports/facts.ts'
import type { Served } from '../../workflows/ports/port.ts'
import { isArmed } from '../../workflows/run/guards.ts'
import { type TargetHistory, either, servedBy } from '../../workflows/served-sides.ts'
import { kindOf, outline } from '../../workflows/steps/kind-of.ts'

/** Per step, in order: the guards that are watched at some moment of it. */
export function watchedGuards(plan: Plan): PlannedGuard[][] {
  return watchedMoments(plan).map((moments) =>
    plan.guards.filter((guard) => moments.some((armed) => armed.includes(guard))),
  )
}

/** Per step, in order: the guards that are watched at each moment of it that lasts. */
export function watchedMoments(plan: Plan): PlannedGuard[][][] {
  const held = new Map<string, TargetHistory>()
  let now = servedBy([])
  return plan.steps.map((step) => {
    const during = momentsOf(step, plan, { held, now })
    now = during.at(-1) ?? now
    const { watched } = kindOf(step)
    if (watched === 'never') return []
    const lasting = watched === 'until its last change' ? during.slice(0, -1) : during
    const named = plan.guards.filter(
      ({ name }) => step.spec.guards === undefined || step.spec.guards.includes(name),
    )
    return lasting.map((served) => named.filter((guard) => isArmed(guard, served)))
  })
}

/** Guards that no step is ever watched by: their side gets no traffic, or no step names them. */
export function neverWatched(plan: Plan): PlannedGuard[] {
  const watched = new Set(watchedGuards(plan).flatMap((guards) => guards.map(({ name }) => name)))
  return plan.guards.filter(({ name }) => !watched.has(name))
}

/** Which sides are served at the moments of a step, the last one being how it leaves things. Keeps what it changes in `held`. */
function momentsOf(
  step: PlannedStep,
  plan: Plan,
  { held, now }: { held: Map<string, TargetHistory>; now: Served },
): Served[] {
  const portOf = (connection: string) => plan.connections[connection]?.port
  const seen: ValueOf = (connection, target) =>
    held.get(`${connection} ${target}`)?.now ??
    foundAtStart(plan, { connection, target }) ??
    changingFacts(portOf(connection))?.leads?.unknown
  const moments: Served[] = []
  let isFollowedLate = false
  for (const { connection, target, desired } of outline(step, seen).changes) {
    const leads = changingFacts(portOf(connection))?.leads
    if (leads === undefined || desired === null) continue
    const before = held.get(`${connection} ${target}`)?.before ?? seen(connection, target) ?? leads.unknown
    held.set(`${connection} ${target}`, { port: portOf(connection), target, before, now: desired })
    if (leads.isFollowedLate) isFollowedLate = true
    else moments.push(servedBy([...held.values()]))
  }
  const after = servedBy([...held.values()])
  if (isFollowedLate) moments.push(either(now, after), after)
  return moments.length === 0 ? [now] : moments
}
