// What was found when a plan was made, and what of it counts when another day's world is compared with it. Pure.
import type { Json } from './json.ts'
import type { Plan } from './plan.ts'
import type { PortName } from './ports/index.ts'

/**
 * What of a value stays as it is when nobody does anything. Instances come and go under an autoscaler, and what a plan
 * orders follows from what is there: of a count only counts whether there is any. Everything else counts whole.
 */
export function standing(port: PortName | undefined, value: Json): Json {
  if (port !== 'capacity' || typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { count } = value
  return typeof count === 'number' ? { count: count === 0 ? 'none' : 'some' } : value
}

/** What the digest of a plan is taken over: all of it, and of what was found that which stays. */
export function digested({ digest: _digest, ...body }: Plan): Json {
  const found = body.found.map((each) => ({
    ...each,
    value: standing(body.connections[each.connection]?.port, each.value),
  }))
  return { ...body, found } as unknown as Json
}
