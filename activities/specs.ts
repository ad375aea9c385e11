// The provider registry, offline half: one line per provider. Read by the CLI to check runbooks; holds no clients.
import { spec as command } from './capacity/command/schema.ts'
import { spec as powerdns } from './dns/powerdns/schema.ts'
import { spec as rfc2136 } from './dns/rfc2136/schema.ts'
import { spec as httpJson } from './metrics/http-json/schema.ts'
import { spec as prometheus } from './metrics/prometheus/schema.ts'
import { spec as webhook } from './notify/webhook/schema.ts'
import { spec as http } from './probe/http/schema.ts'
import { spec as envoy } from './traffic/envoy/schema.ts'
import { spec as haproxy } from './traffic/haproxy/schema.ts'
import { spec as simTraffic } from './traffic/sim/schema.ts'
import { spec as simDns } from './dns/sim/schema.ts'
import { spec as simCapacity } from './capacity/sim/schema.ts'
import { spec as simMetrics } from './metrics/sim/schema.ts'
import { spec as simProbe } from './probe/sim/schema.ts'
import { spec as simNotify } from './notify/sim/schema.ts'

export const specs = [
  haproxy,
  envoy,
  rfc2136,
  powerdns,
  command,
  prometheus,
  httpJson,
  http,
  webhook,
  simTraffic,
  simDns,
  simCapacity,
  simMetrics,
  simProbe,
  simNotify,
] as const satisfies readonly unknown[]
