// Which guards are watched now: those that the step names and whose sides are being served. Pure.
import type { Plan, PlannedConnection, PlannedGuard, PlannedStep } from '../plan.ts'
import { inARow, milliseconds } from '../quantities.ts'
import type { Journey, Request } from '../steps/fields.ts'
import type { ProbeRequest } from '../ports/probe.ts'
import { UNTOUCHED } from '../served-sides.ts'
import type { Serving } from '../ports/port.ts'
import { guardSubject } from '../watched/guard.ts'
import type { Subject } from '../watched/index.ts'
import { journeySubject } from '../watched/journey.ts'
import type { RunState } from './state.ts'

/** The guards of the current step as subjects of a watch; `good` checks in a row open its gate. */
export function guardsOf(
  plan: Plan,
  state: Pick<RunState, 'serving'>,
  { step, good }: { step: PlannedStep; good: number },
): Subject[] {
  return plan.guards
    .filter((guard) => step.spec.guards === undefined || step.spec.guards.includes(guard.name))
    .filter((guard) => isArmed(guard, state.serving))
    .map((guard) => guardSubject(guard, plan.connections[guard.from] as PlannedConnection, good))
}

/** Guards by name, whoever is served. */
export function subjectsOf(plan: Plan, names: string[]): Subject[] {
  return plan.guards
    .filter(({ name }) => names.includes(name))
    .map((guard) => guardSubject(guard, plan.connections[guard.from] as PlannedConnection, 1))
}

/**
 * A reading of a side that nobody is served by would be unknown for good, so such a guard sleeps until traffic arrives,
 * and a comparison sleeps again when the other side has none left.
 */
export function isArmed(guard: PlannedGuard, serving: Serving): boolean {
  const served = guard.of === undefined ? serving.all : (serving.edges[guard.of] ?? UNTOUCHED)
  if (guard.compare !== undefined) return served.old && served.new
  const asksOneSide = guard.query.includes('$side') || (guard.samples?.includes('$side') ?? false)
  return !asksOneSide || served[guard.side]
}

export function journeysOf(plan: Plan, journeys: Journey[], good: number): Subject[] {
  return journeys.map((journey, index) =>
    journeySubject({
      name:
        journeys.length === 1
          ? `journey on ${journey.connection}`
          : `journey ${index + 1} on ${journey.connection}`,
      connection: plan.connections[journey.connection] as PlannedConnection,
      requests: journey.requests.map(probeOf),
      everyMs: milliseconds(journey.every),
      good,
      breach: inARow(journey.breach),
      whenUnknown: journey.when_unknown,
    }),
  )
}

export function probeOf(request: Request): ProbeRequest {
  const { name, method, path, headers, body, expect, deep } = request
  const { status, json, contains, latency_max } = expect
  return {
    name: name ?? `${method} ${path}`,
    method,
    path,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
    expect: {
      status,
      ...(json === undefined ? {} : { json }),
      ...(contains === undefined ? {} : { contains }),
      ...(latency_max === undefined ? {} : { latency_max }),
    },
    deep,
  }
}

export function everyMsOf(subjects: Subject[]): number {
  return Math.min(...subjects.map(({ everyMs }) => everyMs))
}

export function namesOf(subjects: Subject[]): string {
  return subjects.map(({ name }) => name).join(', ')
}
