// HAProxy as the edge in front of both sides, and as each side's own balancer over its instances, in one process.
// The edge's backend `orders` (v1 = old, v2 = new) is what a cutover moves; `payments` is a neighbour to leave alone.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

const CHECK_INTERVAL_MS = 200 // a fifth of the notice that a draining instance gives
const CHECK_ANSWER_MS = 3_000 // a busy machine is not a sick instance
const CHECKS_TO_FAIL = 3 // one late or lost check must not take a whole side away
/** The entry points that a move by DNS alone goes between. */
export const OLD_ENTRY_ADDRESS = '127.0.0.11'
export const NEW_ENTRY_ADDRESS = '127.0.0.12'

type Ports = { edge: number; admin: number; old: number; new: number; metrics: number; entry: number }

export type Haproxy = {
  server: ServerHandle
  /** Where users come in; split between the sides by the weights of backend `orders`. */
  url: string
  port: number
  /** Runtime API, level admin. */
  socket: string
  /** Who has the value `new` in it (header `x-tenant`) is led to the new side whatever the weights are. */
  cohortMap: string
  tcp: { host: string; port: number }
  backend: 'orders'
  servers: { old: 'v1'; new: 'v2' }
  /** A backend nobody may touch. */
  neighbour: { backend: 'payments'; servers: string[] }
  /** Port of each side's own balancer over its instances. */
  sidePorts: { old: number; new: number }
  /** The same port on two addresses, each leading to one side whatever the weights are. */
  entries: { old: string; new: string; port: number }
  metricsPort: number
}

/** `slots`: the ports of each side's instances, whether they run or not. */
export async function startHaproxy(options: { slots: { old: number[]; new: number[] } }): Promise<Haproxy> {
  const command = requireServer('haproxy')
  let folder = ''
  const { chosen, server } = await startServer<Ports>('haproxy', choosePorts, (ports, path) => {
    folder = path
    writeFileSync(join(path, 'haproxy.cfg'), configuration({ ports, folder, slots: options.slots }))
    writeFileSync(join(path, 'haproxy.state'), '')
    writeFileSync(join(path, 'cohort.map'), '')
    return {
      command,
      args: ['-db', '-f', join(path, 'haproxy.cfg')],
      isReady: () => areChecked(ports, options.slots),
    }
  })
  return {
    server,
    url: `http://127.0.0.1:${chosen.edge}`,
    port: chosen.edge,
    socket: join(folder, 'admin.sock'),
    cohortMap: join(folder, 'cohort.map'),
    tcp: { host: '127.0.0.1', port: chosen.admin },
    backend: 'orders',
    servers: { old: 'v1', new: 'v2' },
    neighbour: { backend: 'payments', servers: ['p1', 'p2'] },
    sidePorts: { old: chosen.old, new: chosen.new },
    entries: { old: OLD_ENTRY_ADDRESS, new: NEW_ENTRY_ADDRESS, port: chosen.entry },
    metricsPort: chosen.metrics,
  }
}

async function choosePorts(): Promise<Ports> {
  const [entry = 0] = await freePorts(1, [OLD_ENTRY_ADDRESS, NEW_ENTRY_ADDRESS])
  const [edge = 0, admin = 0, old = 0, fresh = 0, metrics = 0] = await freePorts(5)
  return { edge, admin, old, new: fresh, metrics, entry }
}

/** Ready when no instance is still in its first check: before that HAProxy takes every server for healthy. */
async function areChecked(ports: Ports, slots: { old: number[]; new: number[] }): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${ports.metrics}/;csv`)
  const rows = (await response.text()).split('\n').map((line) => line.split(','))
  const statusColumn = rows[0]?.indexOf('check_status') ?? -1
  const checked = rows.filter(
    (row) => /^s\d+$/.test(row[1] ?? '') && /^(L|\* L)[467]/.test(row[statusColumn] ?? ''),
  )
  return checked.length === slots.old.length + slots.new.length
}

function configuration(given: {
  ports: Ports
  folder: string
  slots: { old: number[]; new: number[] }
}): string {
  const { ports, folder, slots } = given
  const side = (name: 'old' | 'new', entry: string): string => `
listen ${name}
  bind 127.0.0.1:${ports[name]}
  bind ${entry}:${ports.entry}
  balance roundrobin
  option httpchk GET /healthz/ready
  default-server inter ${CHECK_INTERVAL_MS}ms fall ${CHECKS_TO_FAIL} rise 1 check
${slots[name].map((port, index) => `  server s${index + 1} 127.0.0.1:${port}`).join('\n')}
`
  // Idle connections stay open: a balancer that closes one while the next hop reuses it loses that request.
  return `global
  stats socket ${folder}/admin.sock mode 600 level admin expose-fd listeners
  stats socket ipv4@127.0.0.1:${ports.admin} level admin
  server-state-file ${folder}/haproxy.state
  maxconn 4000
  nbthread 1
defaults
  mode http
  load-server-state-from-file global
  timeout connect 2s
  timeout check ${CHECK_ANSWER_MS}ms
  timeout client 1h
  timeout server 30s
  timeout http-keep-alive 1h
  option http-keep-alive
  option redispatch
  retries 3
frontend edge
  bind 127.0.0.1:${ports.edge}
  use_backend orders-cohort if { req.hdr(x-tenant),map_str(${folder}/cohort.map) -m str new }
  use_backend payments if { path_beg /payments }
  default_backend orders
backend orders
  balance roundrobin
  server v1 127.0.0.1:${ports.old} weight 100
  server v2 127.0.0.1:${ports.new} weight 0
backend orders-cohort
  server v2 127.0.0.1:${ports.new}
backend payments
  balance roundrobin
  server p1 127.0.0.1:${ports.old} weight 70
  server p2 127.0.0.1:${ports.new} weight 30
${side('old', OLD_ENTRY_ADDRESS)}${side('new', NEW_ENTRY_ADDRESS)}
frontend metrics
  bind 127.0.0.1:${ports.metrics}
  http-request use-service prometheus-exporter if { path /metrics }
  stats enable
  stats uri /
`
}
