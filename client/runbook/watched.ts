// Which guards each step of a plan is going to be watched by: the engine's own rule, with the steps before it taken as done.
import { declaredBy, edgesOf } from '../../workflows/edges.ts'
import { foundAtStart } from '../../workflows/found.ts'
import type { Plan, PlannedGuard, PlannedStep, ValueOf } from '../../workflows/plan.ts'
import { changingFacts } from '../../workflows/ports/facts.ts'
import { isArmed } from '../../workflows/run/guards.ts'
import { type Edge, type TargetHistory, servedBy, stillServed } from '../../workflows/served-sides.ts'
import type { Serving } from '../../workflows/ports/port.ts'
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
  const edges = edgesOf(plan)
  let now = servedBy([], edges)
  return plan.steps.map((step) => {
    const during = momentsOf(step, plan, { held, now, edges })
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

/** Which sides are served, and through which edges, at the moments of a step, the last one being how it leaves things. Keeps what it changes in `held`. */
function momentsOf(
  step: PlannedStep,
  plan: Plan,
  { held, now, edges }: { held: Map<string, TargetHistory>; now: Serving; edges: Edge[] },
): Serving[] {
  const portOf = (connection: string) => plan.connections[connection]?.port
  const seen: ValueOf = (connection, target) =>
    held.get(`${connection} ${target}`)?.now ??
    foundAtStart(plan, { connection, target }) ??
    changingFacts(portOf(connection))?.leads?.unknown
  const moments: Serving[] = []
  let changed: string[] = [] // since the last moment: what is changed side by side is one
  let isFollowedLate = false
  for (const { connection, target, desired } of outline(step, seen).changes) {
    const leads = changingFacts(portOf(connection))?.leads
    if (leads === undefined || desired === null) continue
    const name = `${connection} ${target}`
    if (changed.includes(name)) {
      moments.push(servedBy([...held.values()], edges))
      changed = []
    }
    changed.push(name)
    const before = held.get(name)?.before ?? seen(connection, target) ?? leads.unknown
    held.set(name, {
      connection,
      port: portOf(connection),
      target,
      before,
      now: desired,
      declared: declaredBy(plan, step.id, { connection, target }),
    })
    if (leads.isFollowedLate) isFollowedLate = true
  }
  if (changed.length === 0) return [now]
  const after = servedBy([...held.values()], edges)
  return [...moments, ...(isFollowedLate ? [stillServed(now, after)] : []), after]
}
