// Unbound as a caching resolver in front of one authoritative server: what users' machines believe, and for how long.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { askDns } from '../dns.ts'
import { freeDnsPort } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { ZONE } from './zone.ts'

export type Unbound = { server: ServerHandle; dns: { host: string; port: number } }

/** `minTtlSeconds` plays the resolver that ignores low TTLs. */
export async function startUnbound(options: {
  authoritative: { host: string; port: number }
  name?: string
  minTtlSeconds?: number
}): Promise<Unbound> {
  const command = requireServer('unbound')
  const { chosen, server } = await startServer(options.name ?? 'unbound', freeDnsPort, (port, folder) => {
    const config = join(folder, 'unbound.conf')
    writeFileSync(config, configuration({ port, folder, ...options }))
    return {
      command,
      args: ['-d', '-c', config],
      // The SOA, so that no address is in its cache before anybody has asked for one.
      isReady: async () => (await askDns({ host: '127.0.0.1', port }, ZONE, 'SOA')).records.length > 0,
    }
  })
  return { server, dns: { host: '127.0.0.1', port: chosen } }
}

function configuration(given: {
  port: number
  folder: string
  authoritative: { host: string; port: number }
  minTtlSeconds?: number
}): string {
  const { port, folder, authoritative, minTtlSeconds = 0 } = given
  const zone = ZONE.slice(0, -1)
  return `server:
  interface: 127.0.0.1@${port}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  module-config: "iterator"
  local-zone: "test." nodefault
  num-threads: 1
  rrset-roundrobin: no
  cache-min-ttl: ${minTtlSeconds}
remote-control:
  control-enable: no
stub-zone:
  name: "${zone}"
  stub-addr: ${authoritative.host}@${authoritative.port}
`
}
