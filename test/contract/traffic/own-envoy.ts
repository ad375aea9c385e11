// An Envoy of a test's own: the lab's, with other clusters or with a route file that it cannot read.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePorts } from '../../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../../lab/server-process.ts'
import type { Envoy } from '../../../lab/servers/envoy.ts'
import { requireServer } from '../../../scripts/find-servers.mjs'

type Socket = { socket_address: { port_value: number } }
type Bootstrap = {
  admin: { address: Socket }
  static_resources: { clusters: object[]; listeners: { address: Socket }[] }
}

export interface OwnEnvoy {
  server: ServerHandle
  url: string
  adminUrl: string
  routesFile: string
}

/** `like` lends its configuration; ready as soon as the admin answers. */
export async function startOwnEnvoy(
  like: Envoy,
  { routes, clusters = [] }: { routes: string; clusters?: object[] },
): Promise<OwnEnvoy> {
  const folderOfOther = dirname(dirname(like.routesFile))
  const text = readFileSync(join(folderOfOther, 'bootstrap.json'), 'utf8')
  let folder = ''
  const { chosen, server } = await startServer(
    'envoy-own',
    () => freePorts(2),
    ([edge = 0, admin = 0], path) => {
      folder = path
      mkdirSync(join(path, 'rds'))
      writeFileSync(join(path, 'rds', 'app.json'), routes)
      const bootstrap = JSON.parse(text.replaceAll(folderOfOther, path)) as Bootstrap
      bootstrap.admin.address.socket_address.port_value = admin
      bootstrap.static_resources.listeners[0]!.address.socket_address.port_value = edge
      bootstrap.static_resources.clusters.push(...clusters)
      const config = join(path, 'bootstrap.json')
      writeFileSync(config, JSON.stringify(bootstrap))
      return {
        command: requireServer('envoy'),
        args: ['-c', config, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'error'],
        isReady: async () => (await fetch(`http://127.0.0.1:${admin}/server_info`)).ok,
      }
    },
  )
  return {
    server,
    url: `http://127.0.0.1:${chosen[0]}`,
    adminUrl: `http://127.0.0.1:${chosen[1]}`,
    routesFile: join(folder, 'rds', 'app.json'),
  }
}
