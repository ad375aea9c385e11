// Envoy as the other edge in front of both sides. Its routes come from one file in a watched folder, replaced by
// rename; clusters v1 (old), v2 (new) and shadow (new, for mirrored requests). Route `/payments` is a neighbour.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

const ROUTE_CONFIG_NAME = 'app'
const ROUTE_TYPE = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration'
const MANAGER_TYPE =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const ROUTER_TYPE = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router'

type Sides = { old: number; new: number; shadow: number }
type Ports = { edge: number; admin: number }

export type Envoy = {
  server: ServerHandle
  /** Where users come in; split between the sides by the route file's weights. */
  url: string
  port: number
  adminUrl: string
  /** The file to replace by rename, in the folder that Envoy watches. */
  routesFile: string
  routeConfigName: 'app'
  virtualHost: 'app'
  clusters: { old: 'v1'; new: 'v2'; shadow: 'shadow' }
}

/** Ports of what stands behind the clusters; `shadow` is where mirrored requests go (default: `new`). */
export async function startEnvoy(options: { old: number; new: number; shadow?: number }): Promise<Envoy> {
  const command = requireServer('envoy')
  const sides: Sides = { shadow: options.new, ...options }
  let folder = ''
  const { chosen, server } = await startServer<Ports>(
    'envoy',
    async () => {
      const [edge = 0, admin = 0] = await freePorts(2)
      return { edge, admin }
    },
    (ports, path) => {
      folder = path
      mkdirSync(join(path, 'rds'))
      writeRoutes(path)
      const config = join(path, 'bootstrap.json')
      writeFileSync(config, JSON.stringify(bootstrap({ ports, path, sides })))
      return {
        command,
        args: ['-c', config, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'],
        isReady: async () => (await fetch(`http://127.0.0.1:${ports.admin}/ready`)).ok,
      }
    },
  )
  return {
    server,
    url: `http://127.0.0.1:${chosen.edge}`,
    port: chosen.edge,
    adminUrl: `http://127.0.0.1:${chosen.admin}`,
    routesFile: routesFile(folder),
    routeConfigName: ROUTE_CONFIG_NAME,
    virtualHost: 'app',
    clusters: { old: 'v1', new: 'v2', shadow: 'shadow' },
  }
}

const routesFile = (folder: string): string => join(folder, 'rds', 'app.json')

const split = (old: number, fresh: number): object => ({
  weighted_clusters: {
    clusters: [
      { name: 'v1', weight: old },
      { name: 'v2', weight: fresh },
    ],
  },
  timeout: '30s',
})

function writeRoutes(folder: string): void {
  const resource = {
    '@type': ROUTE_TYPE,
    name: ROUTE_CONFIG_NAME,
    validate_clusters: true,
    virtual_hosts: [
      {
        name: 'app',
        domains: ['*'],
        routes: [
          { name: 'payments', match: { prefix: '/payments' }, route: split(70, 30) },
          { name: 'orders', match: { prefix: '/' }, route: split(100, 0) },
        ],
      },
    ],
  }
  const temporary = join(folder, 'app.json')
  writeFileSync(temporary, JSON.stringify({ version_info: '1', resources: [resource] }, undefined, 1))
  renameSync(temporary, routesFile(folder))
}

const socket = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } })

function bootstrap(given: { ports: Ports; path: string; sides: Sides }): object {
  const { ports, path, sides } = given
  const cluster = (name: string, port: number): object => ({
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(port) } }] }],
    },
  })
  const rds = {
    route_config_name: ROUTE_CONFIG_NAME,
    config_source: {
      resource_api_version: 'V3',
      path_config_source: { path: routesFile(path), watched_directory: { path: join(path, 'rds') } },
    },
  }
  const manager = {
    '@type': MANAGER_TYPE,
    stat_prefix: 'app',
    rds,
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER_TYPE } }],
  }
  return {
    node: { id: 'lab', cluster: 'lab' },
    admin: { address: socket(ports.admin) },
    layered_runtime: {
      layers: [
        { name: 'base', static_layer: {} },
        { name: 'admin', admin_layer: {} },
      ],
    },
    static_resources: {
      clusters: [cluster('v1', sides.old), cluster('v2', sides.new), cluster('shadow', sides.shadow)],
      listeners: [
        {
          name: 'l',
          address: socket(ports.edge),
          filter_chains: [{ filters: [{ name: 'hcm', typed_config: manager }] }],
        },
      ],
    },
  }
}
