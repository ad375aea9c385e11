// What a side has in flight: the requests and tunnels of its clusters, that of a cohort among those of the new side.
import type { Io } from '../../../workflows/ports/target.ts'
import type { InFlight } from '../../../workflows/ports/traffic.ts'
import { inFlightOf } from '../../envoy/admin.ts'
import { failure } from '../../failure.ts'
import { cohortTo } from './cohort-name.ts'
import { type Edge, adminOf, countersFor } from './edge.ts'

export async function inFlightIn(edge: Edge, side: 'old' | 'new', io: Io): Promise<InFlight> {
  const { config } = edge
  const fresh = [...new Set([config.new, cohortTo(config)])]
  const sides = { old: [config.old], new: fresh }
  const counters = await countersFor(edge, Object.values(sides), io)
  const lines: string[] = []
  let count = 0
  // Two clusters of one side may be counted as one.
  for (const counted of new Set(sides[side].map((cluster) => counters[cluster] ?? cluster))) {
    const names = sides[side].filter((cluster) => counters[cluster] === counted).join(', ')
    const here = await inFlightOf(adminOf(edge, io), counted)
    if (here === null)
      throw failure(
        'Missing',
        `counting requests in flight: the Envoy at ${config.admin} counts none of cluster ${names}`,
      )
    count += here
    lines.push(`${names} ${here}`)
  }
  return { count, lines }
}
