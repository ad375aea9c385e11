// Whether every endpoint that is to serve was seen to serve: one request for each of them since the first look. Pure.
import { type Json, isObject } from '../../../workflows/json.ts'
import type { Confirmation } from '../../../workflows/ports/target.ts'
import type { Endpoint } from '../../envoy/admin.ts'

const ENDPOINTS_MAX = 100 // of a cluster: more would need more requests than a share has in a hold, and more memory than a look
const NAMED_MAX = 3 // a person wants to know the kind of trouble, not every endpoint of a fleet

/** Requests of endpoints that have had none since, as they were at the first look. */
type Before = { [address: string]: number }

/** `clusters`: those of the sides that have a share, by name. What the next look needs is kept in the memory of the proof. */
export function confirmEndpoints(
  confirmation: Confirmation,
  clusters: Record<string, Endpoint[]>,
  { isFirst }: { isFirst: boolean },
): Confirmation {
  const { memory = {} } = confirmation
  const before = isFirst ? null : beforeOf(memory['endpoints'])
  const next: { [cluster: string]: Before } = {}
  const lines: string[] = []
  let isSeen = true
  for (const [name, endpoints] of Object.entries(clusters)) {
    if (endpoints.length > ENDPOINTS_MAX) {
      lines.push(`the ${endpoints.length} endpoints of ${name} are not looked at one by one`)
      continue
    }
    const known = before?.[name] ?? {}
    const idle =
      before === null ? endpoints : endpoints.filter((each) => each.requests <= (known[each.address] ?? 0))
    next[name] = Object.fromEntries(
      idle.map(({ address, requests }) => [address, known[address] ?? (before === null ? requests : 0)]),
    )
    const missing = missingAmong(endpoints, idle)
    if (before !== null && missing.length > 0) {
      isSeen = false
      lines.push(idleLine(name, endpoints, missing))
    }
  }
  return {
    settled: confirmation.settled && isSeen,
    lines: [...confirmation.lines, ...lines],
    memory: { ...memory, endpoints: next },
  }
}

/** Unhealthy ones are told by the plan. A locality or priority that gets nothing at all is not Envoy's choice at present. */
function missingAmong(endpoints: Endpoint[], idle: Endpoint[]): Endpoint[] {
  const served = new Set(endpoints.filter((each) => !idle.includes(each)).map(({ place }) => place))
  return idle.filter(({ place, troubles }) => troubles.length === 0 && served.has(place))
}

function idleLine(name: string, endpoints: Endpoint[], missing: Endpoint[]): string {
  const named = missing.slice(0, NAMED_MAX).map(({ address }) => address)
  const more = missing.length > NAMED_MAX ? ', ...' : ''
  const which = `${missing.length} of ${endpoints.length} endpoints of ${name}`
  return `${which} ${missing.length === 1 ? 'was' : 'were'} given no request: ${named.join(', ')}${more}`
}

function beforeOf(kept: Json | undefined): { [cluster: string]: Before } {
  const clusters = isObject(kept ?? null) ? (kept as { [cluster: string]: Json }) : {}
  return Object.fromEntries(
    Object.entries(clusters).map(([name, counts]) => [name, isObject(counts) ? (counts as Before) : {}]),
  )
}
