// The ports by name: what a connection of each kind can do, and the data its provider publishes.
import type { CapacityPort, CapacitySupports } from './capacity.ts'
import type { DnsPort, DnsSupports } from './dns.ts'
import type { MetricsPort, MetricsSupports } from './metrics.ts'
import type { NotifyPort, NotifySupports } from './notify.ts'
import type { ProbePort, ProbeSupports } from './probe.ts'
import type { TrafficPort, TrafficSupports } from './traffic.ts'

export interface Ports {
  traffic: TrafficPort
  dns: DnsPort
  capacity: CapacityPort
  metrics: MetricsPort
  probe: ProbePort
  notify: NotifyPort
}

export type PortName = keyof Ports

export type Supports =
  | TrafficSupports
  | DnsSupports
  | CapacitySupports
  | MetricsSupports
  | ProbeSupports
  | NotifySupports

export type SupportsOf<P extends PortName> = Extract<Supports, { port: P }>
