// A process of its own for the time-skipping server, because Temporal's native runtime is one per process. Carries out the
// ten steps with a short and with a long hold and sends what both cost.
import { passDays } from '../../test/timeskip/days.ts'

const RECORD = 'api.example.com. A'
const HOURS = [1, 72]

/** The intervals divide no hold: that server loses its way when a look is due at the instant a hold ends. */
function tenSteps(name: string, hours: number): string {
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
    every: 47s
    min_samples: 1
  p95: { from: prom, query: "latency_p95($side, 5m)", max: 800ms, every: 47s }
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
  - hold: { for: ${hours}h }
`
}

const passed = []
for (const hours of HOURS) {
  const name = `days-${hours}`
  const { result, events, looks, silenceMs } = await passDays(name, tenSteps(name, hours))
  passed.push({ hours, outcome: result.outcome, events, looks, silenceMs })
}
process.send?.(passed, () => process.exit(0))
