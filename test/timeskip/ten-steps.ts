// The ten steps that take days: what bench and tests measure the cost of a long run by.
const RECORD = 'api.example.com. A'

/** `every`: the interval of both guards. It divides no hold: the time-skipping server loses its way when a look is due as a hold ends. */
export function tenSteps(name: string, { hold, every }: { hold: string; every: string }): string {
  return `cutover: v1
service: ${name}
notify: [pager]
connections:
  edge: { provider: traffic/sim, world: ${name}, rate: 1000/s }
  fleet: { provider: capacity/sim, world: ${name}, old: 3, new: 1 }
  zone:
    provider: dns/sim
    world: ${name}
    zone: example.com.
    records: { "${RECORD}": { ttl: 3600, values: [192.0.2.10] } }
  prom: { provider: metrics/sim, world: ${name} }
  front: { provider: probe/sim, world: ${name}, side: new }
  pager: { provider: notify/sim, world: ${name} }
guards:
  errors:
    from: prom
    query: error_ratio($side, 5m)
    samples: requests($side, 5m)
    max: 1%
    every: ${every}
    min_samples: 1
  p95: { from: prom, query: "latency_p95($side, 5m)", max: 800ms, every: ${every} }
steps:
  - announce: { connection: pager, text: days will pass }
  - approve: { people: [ana], expires: 8h, guards: [] }
  - check: { connection: front, requests: [{ path: /healthz/ready, deep: true }] }
  - prewarm: { connection: fleet, factor: 1, ready_within: 10m, guards: [] }
  - ttl: { connection: zone, records: ["${RECORD}"], to: 60s, resolvers: [198.51.100.1], guards: [] }
  - shadow: { connection: edge, percent: 20%, for: 29m }
  - canary: { connection: edge, weights: [5%, 25%, 50%], hold: 19m }
  - switch: { connection: edge, hold: 29m }
  - repoint: { connection: zone, records: { "${RECORD}": [192.0.2.20] }, hold: 19m, resolvers: [198.51.100.1] }
  - hold: { for: ${hold} }
`
}
