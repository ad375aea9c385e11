// Caddy as one more edge in front of both sides, by its admin API: handler `orders` shares between both sides in proportion to
// the weights of weighted_round_robin; handler `payments` is a neighbour.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { edgePorts } from './behind.ts'

type Sides = { old: number[]; new: number[] }
type Ports = { edge: number; own: number }

export type Caddy = {
  server: ServerHandle
  /** Where users come in. */
  url: string
  port: number
  adminUrl: string
  /** Of the reverse proxy that a cutover changes. */
  handler: '/id/orders'
  neighbour: '/id/payments'
  /** Dial addresses. */
  upstreams: { old: string[]; new: string[] }
  /** A line for each request. */
  log: string
}

/** Ports of what stands behind; `origins`: host:port by which the admin API is known besides its own address. */
export async function startCaddy(options: {
  old: number | number[]
  new: number | number[]
  origins?: string[]
}): Promise<Caddy> {
  const command = requireServer('caddy')
  const sides: Sides = { old: [options.old].flat(), new: [options.new].flat() }
  let folder = ''
  const { chosen, server } = await startServer<Ports>('caddy', edgePorts, (ports, path) => {
    folder = path
    const config = join(path, 'caddy.json')
    writeFileSync(
      config,
      JSON.stringify(configuration({ ports, path, sides, origins: options.origins ?? [] })),
    )
    const origin = `http://127.0.0.1:${ports.own}` // Caddy asks whoever calls as a browser does where it comes from
    const isReady = async () => (await fetch(`${origin}/id/orders`, { headers: { origin } })).ok
    return { command, args: ['run', '--config', config], env: { HOME: path, XDG_DATA_HOME: path }, isReady }
  })
  return {
    server,
    url: `http://127.0.0.1:${chosen.edge}`,
    port: chosen.edge,
    adminUrl: `http://127.0.0.1:${chosen.own}`,
    handler: '/id/orders',
    neighbour: '/id/payments',
    upstreams: { old: dials(sides.old), new: dials(sides.new) },
    log: join(folder, 'orders.log'),
  }
}

function dials(ports: number[]): string[] {
  return ports.map((port) => `127.0.0.1:${port}`)
}

function configuration(given: { ports: Ports; path: string; sides: Sides; origins: string[] }): object {
  const { ports, path, sides, origins } = given
  const proxy = (id: string, old: number, fresh: number): object => ({
    '@id': id,
    handler: 'reverse_proxy',
    stream_close_delay: '1h', // otherwise every change closes WebSockets
    upstreams: [...dials(sides.old), ...dials(sides.new)].map((dial) => ({ dial })),
    load_balancing: {
      selection_policy: {
        policy: 'weighted_round_robin',
        weights: [...sides.old.map(() => old), ...sides.new.map(() => fresh)],
      },
    },
  })
  const append = { handler: 'log_append', key: 'upstream', value: '{http.reverse_proxy.upstream.hostport}' }
  return {
    admin: {
      listen: `127.0.0.1:${ports.own}`,
      origins: [`127.0.0.1:${ports.own}`, ...origins],
      config: { persist: false },
    },
    logging: {
      logs: {
        default: { level: 'WARN' },
        orders: {
          writer: { output: 'file', filename: join(path, 'orders.log'), roll: false },
          encoder: { format: 'json' },
          include: ['http.log.access.orders'],
        },
      },
    },
    apps: {
      http: {
        servers: {
          edge: {
            listen: [`127.0.0.1:${ports.edge}`],
            automatic_https: { disable: true },
            logs: { default_logger_name: 'orders' },
            routes: [
              { match: [{ path: ['/payments*'] }], handle: [proxy('payments', 7, 3)] },
              { handle: [append, proxy('orders', 100, 0)] },
            ],
          },
        },
      },
    },
  }
}
