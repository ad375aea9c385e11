// The edges of a plan: connections that share requests between the sides. Pure.
import type { Plan } from './plan.ts'
import { changingFacts } from './ports/facts.ts'
import type { Leads, Weights } from './ports/port.ts'
import type { Edge } from './served-sides.ts'
import { connectionsIn } from './steps/connections.ts'
import { kindOf } from './steps/kind-of.ts'

type Of = { connection: string; target: string }

/** In the order in which the steps come to them. */
export function edgesOf({ steps }: Pick<Plan, 'steps'>): Edge[] {
  const named = steps.flatMap((step) => connectionsIn(step))
  const sharing = named.filter(({ port }) => changingFacts(port)?.leads?.weights !== undefined)
  const moves = steps.flatMap((step) => kindOf(step).moves?.(step.spec) ?? [])
  const split = new Set(moves.flatMap(({ connection, share }) => (share === null ? [] : [connection])))
  return [...new Set(sharing.map(({ name }) => name))].map((name) => ({ name, isSplit: split.has(name) }))
}

/** What the step with this id says that the values lead to, which it writes to a target. */
export function declaredBy({ steps }: Pick<Plan, 'steps'>, id: string, of: Of): Leads | undefined {
  const step = steps.find((each) => each.id === id)
  const moves = step === undefined ? [] : (kindOf(step).moves?.(step.spec) ?? [])
  return moves.find(({ connection, target }) => connection === of.connection && target === of.target)?.serves
}

type Present = { cursor: number; weights: { [edge: string]: Weights | null } }

/** The edge that people look at in the present step: the one it is about, or else the one that was moved last. */
export function presentEdge({ steps }: Pick<Plan, 'steps'>, { cursor, weights }: Present): string | null {
  const step = steps[Math.min(cursor, steps.length - 1)]
  const named = step === undefined ? [] : connectionsIn(step).map(({ name }) => name)
  const known = Object.keys(weights)
  return named.find((name) => known.includes(name)) ?? known.at(-1) ?? null
}

/** Its weights; null = nobody knows them, or nothing was moved yet. */
export function presentWeights(plan: Pick<Plan, 'steps'>, present: Present): Weights | null {
  const edge = presentEdge(plan, present)
  return edge === null ? null : (present.weights[edge] ?? null)
}
