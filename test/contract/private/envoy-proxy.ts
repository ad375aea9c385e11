// Envoy as a forward proxy: it ends CONNECT tunnels and resolves names itself, as egress gateways are built.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../../lab/server-process.ts'
import { requireServer } from '../../../scripts/find-servers.mjs'

const TYPE = 'type.googleapis.com/envoy.extensions'

export async function startEnvoyProxy(): Promise<{ url: string; server: ServerHandle }> {
  const { chosen, server } = await startServer(
    'envoy-proxy',
    () => freePorts(2),
    ([port = 0, admin = 0], folder) => {
      const config = join(folder, 'bootstrap.json')
      writeFileSync(config, JSON.stringify(bootstrap(port, admin)))
      return {
        command: requireServer('envoy'),
        args: ['-c', config, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'error'],
        isReady: async () => (await fetch(`http://127.0.0.1:${admin}/ready`)).ok,
      }
    },
  )
  return { url: `http://127.0.0.1:${chosen[0]}`, server }
}

function bootstrap(port: number, admin: number): object {
  const dns = { name: 'names', dns_lookup_family: 'V4_ONLY' }
  const manager = {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'proxy',
    http_protocol_options: { allow_absolute_url: true },
    upgrade_configs: [{ upgrade_type: 'CONNECT' }],
    route_config: {
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            {
              match: { connect_matcher: {} },
              route: {
                cluster: 'there',
                upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }],
              },
            },
            { match: { prefix: '/' }, route: { cluster: 'there' } },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'forward',
        typed_config: {
          '@type': `${TYPE}.filters.http.dynamic_forward_proxy.v3.FilterConfig`,
          dns_cache_config: dns,
        },
      },
      { name: 'router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
    ],
  }
  const listener = {
    address: addressOf(port),
    filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
  }
  const cluster = {
    name: 'there',
    lb_policy: 'CLUSTER_PROVIDED',
    cluster_type: {
      name: 'forward',
      typed_config: {
        '@type': `${TYPE}.clusters.dynamic_forward_proxy.v3.ClusterConfig`,
        dns_cache_config: dns,
      },
    },
  }
  return {
    admin: { address: addressOf(admin) },
    static_resources: { listeners: [listener], clusters: [cluster] },
  }
}

const addressOf = (port: number): object => ({ socket_address: { address: '127.0.0.1', port_value: port } })
