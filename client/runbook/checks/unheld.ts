// An autoscaler takes away what has no users, and the way back leads all of them to the old side at once: whether something
// holds its instances while the new side is served. A word in the plan and no refusal: its owner may know better.
import type { Plan, PlannedStep, ValueOf } from '../../../workflows/plan.ts'
import type { Capacity } from '../../../workflows/ports/capacity.ts'
import { kindOf } from '../../../workflows/steps/kind-of.ts'

const HOME = 'old'

/** `seen`: with the steps before it taken as done. */
export function unheldAtHome(plan: Plan, step: PlannedStep, seen: ValueOf): string[] {
  const moves = kindOf(step).moves?.(step.spec) ?? []
  if (!moves.some(({ share }) => share !== 0)) return []
  return Object.entries(plan.connections).flatMap(([connection, { port }]) => {
    const held = port === 'capacity' ? (seen(connection, HOME) as Capacity | undefined) : undefined
    if (held?.floor === undefined || held.floor >= held.count) return []
    return [
      `${connection} ${HOME}: while its users are away its autoscaler may take it from ${held.count} down to ${held.floor}, and the way back leads all of them there at once; hold it by a step before this one: prewarm: { connection: ${connection}, side: ${HOME}, factor: 1 }`,
    ]
  })
}
