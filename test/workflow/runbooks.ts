// Runbooks of the workflow tests: every step kind over the simulated world, in milliseconds.

type Names = { service: string; world: string }

const RECORD = 'api.example.com. A'

/** Every connection that the simulated world offers, and one guard on the new side. */
export function frame({ service, world }: Names, guard = ''): string {
  return `cutover: v1
service: ${service}
drain: 50ms
notify: [pager]
connections:
  edge: { provider: traffic/sim, world: ${world}, rate: 2000/s }
  fleet: { provider: capacity/sim, world: ${world}, old: 3, new: 1 }
  zone:
    provider: dns/sim
    world: ${world}
    zone: example.com.
    records: { "${RECORD}": { ttl: 2, values: [192.0.2.10] } }
    clients:
      - { record: "${RECORD}", rate: 50/s, old: [192.0.2.10], new: [192.0.2.20] }
  prom: { provider: metrics/sim, world: ${world}, old: { latency: 80ms }, new: { latency: 90ms } }
  home: { provider: preflight/sim, world: ${world} }
  front: { provider: probe/sim, world: ${world}, side: new }
  door: { provider: probe/sim, world: ${world}, balancer: edge }
  pager: { provider: notify/sim, world: ${world} }
guards:
  errors:
    from: prom
    query: error_ratio($side, 1s)
    samples: requests($side, 1s)
    max: 1%
    every: 100ms
    min_samples: 5
    breach: 2 in a row
    when_unknown: { for: 1500ms, do: hold }
${guard}`
}

/** `declares`: what is put back twenty times a second, unless it is suspended; nothing: it agrees with everything. */
function gitops({ world }: Names, declares: string): string {
  return `  gitops: { provider: reconciler/sim, world: ${world}, every: 50ms, takes: 20ms, declares: [${declares}] }\n  fleet: {`
}

const gated = 'good: 1 in a row, extend_max: 20s'
const counted = 'samples: 20, tolerance: 15%'

/** Both sides have an autoscaler that may go down to one instance. */
export function scaled(names: Names, counts: string): string {
  return frame(names).replace(
    /(capacity\/sim, .*?), old: \d+, new: \d+/,
    `$1, ${counts}, floors: { old: 1, new: 1 }`,
  )
}

/** What the autoscalers of both sides have is held, and half of the users are led away. */
export function held(names: Names): string {
  return `${scaled(names, 'old: 3, new: 3')}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
  - prewarm: { connection: fleet, side: old, factor: 1, ready_within: 20s, guards: [] }
  - canary: { connection: edge, weights: [50%], samples: 0, guards: [], unwatched: tried without guards, hold: 0ms, good: 1 in a row }
  - approve: { guards: [], expires: 5m }
`
}

/** Every step kind, the point of no return at the end. */
export function everything(names: Names): string {
  return `${frame(names).replace('  fleet: {', gitops(names, ''))}steps:
  - suspend: { connection: gitops, expires: 10m, within: 20s }
  - announce: { connection: pager, text: here we go }
  - preflight: { connection: home, every: 100ms, within: 20s }
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s }
  - ttl: { connection: zone, records: ["${RECORD}"], to: 1s, margin: 0ms, resolvers: [198.51.100.1], within: 20s }
  - check: { connection: front, requests: [{ path: /healthz/ready, deep: true }], every: 100ms, within: 20s }
  - approve: { people: [ana, raj], quorum: 1, expires: 2m }
  - shadow: { connection: edge, percent: 20%, for: 100ms, ${counted}, ${gated} }
  - cohort: { connection: edge, members: [acme], hold: 100ms, proof: { connection: door, header: x-tenant, old: { json: { side: old } }, new: { json: { side: new } }, every: 100ms }, ${gated} }
  - canary: { connection: edge, weights: [10%, 50%], hold: 100ms, ${counted}, ${gated} }
  - switch: { connection: edge, hold: 100ms, ${counted}, ${gated} }
  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, hold: 100ms, margin: 0ms, resolvers: [198.51.100.1], within: 20s, ${gated} }
  - hold: { for: 100ms, journeys: [{ connection: front, requests: [{ path: /orders }], every: 100ms }], ${gated} }
  - drain: { connection: edge, within: 20s, every: 50ms, good: 1 in a row }
  - promote: { connection: edge, within: 20s, people: [ana, raj], expires: 2m, ${counted}, ${gated} }
  - decommission: { connection: fleet, side: old, idle_proof: { from: prom, query: "requests($side, 200ms)", for: 200ms, every: 100ms }, carries: { from: prom, load: "rate(all, 200ms)", per_instance: 2000, every: 100ms }, people: [ana, raj], expires: 2m, ${gated} }
  - handback: { connection: gitops, within: 20s, every: 100ms }
`
}

const DECLARED = [
  '{ port: traffic, target: edge split, value: { old: 100, new: 0 } }',
  '{ port: capacity, target: new, value: { count: 1 } }',
].join(', ')

/** What the run changes is declared elsewhere, and put back whenever nobody is suspended: there, then a person is asked. */
export function declaredThereAndBack(
  names: Names,
  options: { expires?: string; after?: string } = {},
): string {
  const quick = 'guards: [], unwatched: the way back is tried, hold: 0ms, good: 1 in a row'
  return `${frame(names).replace('  fleet: {', gitops(names, DECLARED))}steps:
  - suspend: { connection: gitops, expires: ${options.expires ?? '10m'}, within: 4s }
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
  - canary: { connection: edge, weights: [50%], samples: 0, ${quick} }
  - switch: { connection: edge, samples: 0, ${quick} }
  - approve: { people: [ana, raj], expires: 5m, guards: [] }
  - handback: { connection: gitops, within: 20s, every: 100ms }
${options.after ?? ''}`
}

/** The same handed back already, to somebody who agrees with everything: from there it is suspended again first. */
export function handedBackThereAndBack(names: Names): string {
  const quick = 'guards: [], unwatched: the way back is tried, hold: 0ms, good: 1 in a row'
  return `${frame(names).replace('  fleet: {', gitops(names, ''))}steps:
  - suspend: { connection: gitops, expires: 10m, within: 4s, guards: [] }
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
  - switch: { connection: edge, samples: 0, ${quick} }
  - handback: { connection: gitops, within: 20s, every: 100ms, guards: [] }
  - approve: { people: [ana, raj], expires: 5m, guards: [] }
`
}

/** A short one: capacity, a canary of two weights, a switch. */
export function brief(names: Names, options: { guard?: string; hold?: string; after?: string } = {}): string {
  const hold = options.hold ?? '100ms'
  return `${frame(names, options.guard)}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s }
  - canary: { connection: edge, weights: [10%, 50%], hold: ${hold}, samples: 0, ${gated} }
  - switch: { connection: edge, hold: ${hold}, samples: 0, ${gated} }
${options.after ?? ''}`
}

/** Changes every kind of target as fast as possible, then asks: from there a run is turned back. */
export function thereAndBack(names: Names): string {
  const quick = 'guards: [], unwatched: the way back is tried, hold: 0ms, good: 1 in a row'
  return `${frame(names)}steps:
  - prewarm: { connection: fleet, factor: 1, ready_within: 20s, guards: [] }
  - ttl: { connection: zone, records: ["${RECORD}"], to: 1s, margin: 0ms, resolvers: [], within: 20s, guards: [] }
  - canary: { connection: edge, weights: [10%, 50%], samples: 0, ${quick} }
  - switch: { connection: edge, samples: 0, ${quick} }
  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, margin: 0ms, resolvers: [], within: 20s, ${quick} }
  - approve: { people: [ana, raj], expires: 5m, guards: [] }
`
}

/** The same with a pair of balancers that is moved as one. */
export function pairThereAndBack(names: Names): string {
  const partner = `  partner: { provider: traffic/sim, world: ${names.world}, balancer: partner, rate: 2000/s }\n`
  return thereAndBack(names)
    .replace('  fleet: {', `${partner}  fleet: {`)
    .replaceAll('{ connection: edge,', '{ connection: [edge, partner],')
}
