// What the lab tells about itself: plain JSON, the same for `--json`, for the printed table and for programs.
import type { Commands } from './commands.ts'
import type { Bind } from './servers/bind.ts'
import type { Caddy } from './servers/caddy.ts'
import type { Envoy } from './servers/envoy.ts'
import type { Fleet } from './servers/fleet.ts'
import type { Haproxy } from './servers/haproxy.ts'
import type { Nginx } from './servers/nginx.ts'
import type { Postgres } from './servers/postgres.ts'
import type { Powerdns } from './servers/powerdns.ts'
import type { Prometheus } from './servers/prometheus.ts'
import type { Temporal } from './servers/temporal.ts'
import type { Traefik } from './servers/traefik.ts'
import type { Unbound } from './servers/unbound.ts'

/** The servers of one lab by name; those that were not asked for are absent. */
export type LabServers = {
  temporal?: Temporal
  /** Where Temporal keeps its state; without it, in the dev server. */
  temporalDatabase?: Postgres
  old?: Fleet
  new?: Fleet
  haproxy?: Haproxy
  envoy?: Envoy
  powerdns?: Powerdns
  bind?: Bind
  resolverOfPowerdns?: Unbound
  resolverOfBind?: Unbound
  prometheus?: Prometheus
  /** Further edges in front of the same two sides. */
  nginx?: Nginx
  traefik?: Traefik
  caddy?: Caddy
  /** A second HAProxy in front of the same two sides: a pair. */
  partner?: Haproxy
  /** A second region, with sides and an edge of its own. */
  eastOld?: Fleet
  eastNew?: Fleet
  eastHaproxy?: Haproxy
}

export type ServerName = keyof LabServers

type Plain<T> = Omit<
  { [K in keyof T as T[K] extends (...given: never[]) => unknown ? never : K]: T[K] },
  'server'
>

/** Every server's addresses, without its handle, and the folder of capacity commands. */
export type Addresses = { [N in ServerName]: Plain<NonNullable<LabServers[N]>> } & { commands: Commands }

/** Strips handles and functions. */
export function addressesOf(servers: LabServers): Partial<Addresses> {
  const entries = Object.entries(servers).map(([name, { server: _handle, ...rest }]) => [
    name,
    Object.fromEntries(Object.entries(rest).filter(([, value]) => typeof value !== 'function')),
  ])
  return Object.fromEntries(entries) as Partial<Addresses>
}

const LABELS: Record<keyof Addresses, string> = {
  temporal: 'Temporal',
  temporalDatabase: 'PostgreSQL of Temporal',
  haproxy: 'HAProxy, edge',
  envoy: 'Envoy, edge',
  old: 'Orders, old side',
  new: 'Orders, new side',
  powerdns: 'PowerDNS',
  bind: 'BIND',
  resolverOfPowerdns: 'Unbound before PowerDNS',
  resolverOfBind: 'Unbound before BIND',
  prometheus: 'Prometheus',
  nginx: 'NGINX, edge',
  traefik: 'Traefik, edge',
  caddy: 'Caddy, edge',
  partner: 'HAProxy, partner of the edge',
  eastOld: 'Orders in the east, old',
  eastNew: 'Orders in the east, new',
  eastHaproxy: 'HAProxy, edge in the east',
  commands: 'Capacity commands',
}
const LABEL_WIDTH = 26
const SECRET = /key|secret|password/i // a table may be pasted into a chat

/** One line per address, for people. Keys are left out; `--json` has them. */
export function renderTable(addresses: Partial<Addresses>): string {
  const lines: string[] = []
  for (const [name, label] of Object.entries(LABELS)) {
    const entry = addresses[name as keyof Addresses]
    if (!entry) continue
    const rows = Object.entries(entry).filter(([key]) => !SECRET.test(key))
    for (const [index, [key, value]] of rows.entries()) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      lines.push(`${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${key.padEnd(LABEL_WIDTH - 8)}${text}`)
    }
  }
  return lines.join('\n')
}
