// The provider registry, online half: one line per provider, in the order of specs.ts.
import { command } from './capacity/command/index.ts'
import { powerdns } from './dns/powerdns/index.ts'
import { rfc2136 } from './dns/rfc2136/index.ts'
import { httpJson } from './metrics/http-json/index.ts'
import { prometheus } from './metrics/prometheus/index.ts'
import { webhook } from './notify/webhook/index.ts'
import { http } from './probe/http/index.ts'
import type { Provider } from './provider.ts'
import { envoy } from './traffic/envoy/index.ts'
import { haproxy } from './traffic/haproxy/index.ts'
import { simTraffic } from './traffic/sim/index.ts'
import { simDns } from './dns/sim/index.ts'
import { simCapacity } from './capacity/sim/index.ts'
import { simMetrics } from './metrics/sim/index.ts'
import { simProbe } from './probe/sim/index.ts'
import { simNotify } from './notify/sim/index.ts'

const providers = [
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

export function findProvider(id: string): Provider | undefined {
  return (providers as readonly unknown[] as readonly Provider[]).find((provider) => provider.spec.id === id)
}
