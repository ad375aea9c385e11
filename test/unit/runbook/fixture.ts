// A runbook that is right, to be made wrong in one place at a time; and what the check then says.
import { readFileSync } from 'node:fs'
import { checkRunbook } from '../../../client/runbook/load.ts'
import type { Problem } from '../../../client/runbook/problem.ts'
import type { Plan } from '../../../workflows/plan.ts'

export const RIGHT = `cutover: v1
service: orders
connections:
  edge: { provider: traffic/haproxy, socket: /run/h.sock, backend: orders, old: v1, new: v2 }
  mesh: { provider: traffic/envoy, routes: /etc/envoy/rds.json, admin: "http://127.0.0.1:9901", old: a, new: b, shadow: c }
  zone: { provider: dns/rfc2136, server: 10.0.0.53, zone: example.com., key: env:TSIG }
  prom: { provider: metrics/prometheus, url: "http://prom:9090" }
  fleet: { provider: capacity/command, observe: [look], apply: [set] }
  ops: { provider: notify/webhook, url: env:OPS }
guards:
  errors:
    from: prom
    query: sum(rate(errors{side="$side"}[1m]))
    max: 0.5%
notify: [ops]
steps:
  - prewarm: { connection: fleet }
  - ttl: { connection: zone, records: [api.example.com. A] }
  - shadow: { connection: mesh }
  - canary: { connection: edge, weights: [5%, 50%], hold: 5m }
  - switch: { connection: edge }
  - repoint: { connection: zone, records: { api.example.com. A: [192.0.2.1] } }
  - hold: { for: 24h }
  - decommission: { connection: fleet, idle_proof: { from: prom, query: "sum(rate(x[5m]))" }, carries: { from: prom, load: "sum(rate(y[5m]))", per_instance: 100 } }
`

/** The runbook with one piece of its text exchanged. */
export function wrong(piece: string, replacement: string): string {
  if (!RIGHT.includes(piece)) throw new Error(`the fixture holds no ${JSON.stringify(piece)}`)
  return RIGHT.replace(piece, () => replacement)
}

export async function problemsOf(text: string): Promise<Problem[]> {
  return (await checkRunbook(text, { file: 'test.yaml' })).problems ?? []
}

export async function planOf(text: string): Promise<Plan> {
  const loaded = await checkRunbook(text, { file: 'test.yaml' })
  if (loaded.plan === undefined) throw new Error(`not valid: ${JSON.stringify(loaded.problems, null, 1)}`)
  return loaded.plan
}

export async function cautionsOf(text: string): Promise<Problem[]> {
  const loaded = await checkRunbook(text, { file: 'test.yaml' })
  return loaded.plan === undefined ? [] : loaded.cautions
}

export function example(name: string): string {
  return readFileSync(new URL(`../../../examples/${name}.yaml`, import.meta.url), 'utf8')
}
