// The proxies that are measured: each its real server of the lab, its provider, and the same without one.
import { dirname } from 'node:path'
import { caddy } from '../../../activities/traffic/caddy/index.ts'
import { envoy } from '../../../activities/traffic/envoy/index.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import { nginx } from '../../../activities/traffic/nginx/index.ts'
import { traefik } from '../../../activities/traffic/traefik/index.ts'
import { startCaddy } from '../../../lab/servers/caddy.ts'
import { startEnvoy } from '../../../lab/servers/envoy.ts'
import { startHaproxy } from '../../../lab/servers/haproxy.ts'
import { startNginx } from '../../../lab/servers/nginx.ts'
import { startTraefik } from '../../../lab/servers/traefik.ts'
import type { ServerHandle } from '../../../lab/server-process.ts'
import { bareDeps } from '../../../worker/testing.ts'
import type { TrafficPort } from '../../../workflows/ports/traffic.ts'
import { connectProvider } from '../calls.ts'
import { type Raw, rawCaddy, rawEnvoy, rawHaproxy, rawNginx, rawTraefik } from './raw.ts'

export const PROXIES = ['haproxy', 'envoy', 'nginx', 'traefik', 'caddy'] as const
export type ProxyName = (typeof PROXIES)[number]

/** It resets new connections while it loads a change, which no client expects: told without a target (docs/providers/traffic-caddy.md). */
export const LOSES_BY_ITSELF: ProxyName[] = ['caddy']

/** What the raw call of each is, in the words of docs/measurements.md. */
export const RAW_WORDS: Record<ProxyName, string> = {
  haproxy: 'a line to its socket',
  envoy: 'a rename of its route file',
  nginx: 'a rename of its split file and `nginx -s reload`',
  traefik: 'a rename of its file',
  caddy: 'a PATCH of its admin API',
}

export interface Edge {
  server: ServerHandle
  url: string
  port: TrafficPort
  raw: Raw
}

type Ports = { old: number; new: number }

export const OPEN: Record<ProxyName, (ports: Ports) => Promise<Edge>> = {
  async haproxy(ports) {
    const edge = await startHaproxy({ slots: { old: [ports.old], new: [ports.new] } })
    const { socket, backend, servers } = edge
    return edgeOf(edge, { provider: haproxy, config: { socket, backend, ...servers }, raw: rawHaproxy(edge) })
  },
  async envoy(ports) {
    const edge = await startEnvoy(ports)
    const { routesFile: routes, adminUrl: admin, clusters } = edge
    const config = { routes, admin, route: 'orders', old: clusters.old, new: clusters.new }
    return edgeOf(edge, { provider: envoy, config, raw: rawEnvoy(edge, dirname(dirname(routes))) })
  },
  async nginx(ports) {
    const edge = await startNginx(ports)
    const { splitFile: file, variable, controlUrl: control, commands, log, upstreams } = edge
    const { old, new: fresh } = upstreams
    const config = { file, variable, control, ...commands, log, old, new: fresh }
    const raw = rawNginx(edge, dirname(edge.configFile))
    return edgeOf(edge, { provider: nginx, config, raw, commandFolder: edge.commandFolder })
  },
  async traefik(ports) {
    const edge = await startTraefik(ports)
    const { dynamicFile: file, apiUrl: api, service, services } = edge
    const config = { file, api, service, old: services.old, new: services.new }
    return edgeOf(edge, { provider: traefik, config, raw: rawTraefik(edge, dirname(edge.staticFile)) })
  },
  async caddy(ports) {
    const edge = await startCaddy(ports)
    const { adminUrl: admin, handler, upstreams, log } = edge
    return edgeOf(edge, {
      provider: caddy,
      config: { admin, handler, ...upstreams, log },
      raw: rawCaddy(edge),
    })
  },
}

function edgeOf(
  { server, url }: { server: ServerHandle; url: string },
  of: { provider: unknown; config: object; raw: Raw; commandFolder?: string },
): Edge {
  const deps = { ...bareDeps(), commandFolder: of.commandFolder ?? null }
  return { server, url, raw: of.raw, port: connectProvider(of.provider, of.config, deps) }
}
