// Lets runbooks of this process name a handover. What carries it out stands in the workflow bundle: handover-workflows.ts.
import { kinds } from '../../../workflows/steps/kinds.ts'
import { stepSchemas } from '../../../workflows/steps/schemas.ts'
import type { Json } from '../../../workflows/json.ts'
import { sameJson } from '../../../workflows/json.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import type { World } from '../../../activities/sim/world.ts'
import { frame } from '../runbooks.ts'
import { handover } from './kind.ts'
import { Handover } from './schema.ts'

Object.assign(kinds, { handover })
Object.assign(stepSchemas, { handover: Handover })

export const WORKFLOWS = 'handover-workflows.ts'
export const LEADER = 'leader.example.com. TXT'
const [ONE, NOBODY, TWO] = ['"one"', '"nobody"', '"two"'] // as texts stand in a zone

type Names = Parameters<typeof frame>[0]

/** Capacity, a part of the traffic, the handover, and then people are asked: from there a run is turned back. */
export function handedOver(names: Names, { drain = '100ms', warm = '', before = '' } = {}): string {
  const quick = 'guards: [], unwatched: the way back is tried, hold: 0ms, samples: 0, good: 1 in a row'
  const led = `"${LEADER}": { ttl: 0, values: ['${ONE}'] }`
  return `${frame(names).replace('records: {', `records: { ${led},`)}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
  - canary: { connection: edge, weights: [50%], ${quick} }
${before}  - handover: { zone: zone, leader: "${LEADER}", to: '${TWO}', nobody: '${NOBODY}', edge: edge, drain: ${drain},${warm === '' ? '' : ` warm: ${warm},`} guards: [] }
  - approve: { people: [ana, raj], expires: 5m, guards: [] }
`
}

/** Whether at any moment somebody led who had not the traffic: what a handover is for, there and back. Null = never. */
export function outOfOrder(world: World): string | null {
  let leads: Json = [ONE]
  let split: Split = { old: 100, new: 0 }
  for (const { target, value, by } of world.landed()) {
    if (target === LEADER) leads = (value as { values: Json }).values
    else if (target.endsWith('split')) split = value as Split
    else continue
    const hasAll = split.old === 0 && split.new === 100
    if (sameJson(leads, [hasAll ? ONE : TWO]))
      return `${JSON.stringify(leads)} led while the traffic was ${JSON.stringify(split)}, by ${by}`
  }
  return null
}
