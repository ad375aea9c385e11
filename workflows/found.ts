// What was found when a plan was made, and what of it counts when another day's world is compared with it. Pure.
import type { Json } from './json.ts'
import type { Plan } from './plan.ts'
import { lastingPart } from './ports/facts.ts'

/** What a target held when the plan was made; undefined = it was not looked at. */
export function foundAtStart(plan: Plan, of: { connection: string; target: string }): Json | undefined {
  return plan.found.find(({ connection, target }) => connection === of.connection && target === of.target)
    ?.value
}

/**
 * What the digest of a plan is taken over: all of it, and of what was found that which stays as it is when nobody does anything.
 * Instances come and go under an autoscaler, and what a plan orders follows from what is there.
 */
export function digested({ digest: _digest, ...body }: Plan): Json {
  const found = body.found.map((each) => ({
    ...each,
    value: lastingPart(body.connections[each.connection]?.port, each.value),
  }))
  return { ...body, found } as unknown as Json
}
