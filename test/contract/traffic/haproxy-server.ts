// An HAProxy with the quirks the lab's does not show: several servers per side, a dead server, static balancing,
// slow start, a frontend that shares its backend's name, and a socket that may only read.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, freePorts } from '../../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../../lab/server-process.ts'
import { requireServer } from '../../../scripts/find-servers.mjs'
import { ask } from '../../../activities/traffic/haproxy/client.ts'

const CHECK_INTERVAL_MS = 100 // the dead server is noticed before the first test looks

export interface QuirkyHaproxy {
  server: ServerHandle
  socket: string
  readOnlySocket: string
  tcp: string
  url: string
}

export async function startQuirkyHaproxy(ports: { old: number; new: number }): Promise<QuirkyHaproxy> {
  const dead = await freePort()
  let folder = ''
  const { chosen, server } = await startServer(
    'haproxy-quirks',
    async () => freePorts(2),
    ([edge = 0, admin = 0], path) => {
      folder = path
      writeFileSync(join(path, 'haproxy.cfg'), configuration({ folder, edge, admin, dead, ...ports }))
      return {
        command: requireServer('haproxy'),
        args: ['-db', '-f', join(path, 'haproxy.cfg')],
        isReady: async () => /L4CON/.test(await command(join(path, 'admin.sock'), 'show stat dying 4 -1')),
      }
    },
  )
  return {
    server,
    socket: join(folder, 'admin.sock'),
    readOnlySocket: join(folder, 'user.sock'),
    tcp: `127.0.0.1:${chosen[1]}`,
    url: `http://127.0.0.1:${chosen[0]}`,
  }
}

/** One line to the runtime socket, as an operator with socat would send it. */
export function command(socket: string, line: string): Promise<string> {
  return ask(socket, line, AbortSignal.timeout(COMMAND_MS_MAX))
}

const COMMAND_MS_MAX = 4_000 // the socket answers within milliseconds; a hang must still end

type Given = { folder: string; edge: number; admin: number; dead: number; old: number; new: number }

function configuration({ folder, edge, admin, dead, ...ports }: Given): string {
  return `global
  stats socket ${folder}/admin.sock mode 600 level admin
  stats socket ${folder}/user.sock mode 600 level user
  stats socket ipv4@127.0.0.1:${admin} level admin
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 30s
frontend orders
  bind 127.0.0.1:${edge}
  default_backend orders
backend orders
  balance roundrobin
  server a1 127.0.0.1:${ports.old} weight 100
  server a2 127.0.0.1:${ports.old} weight 50
  server b1 127.0.0.1:${ports.new} weight 0
  server b2 127.0.0.1:${ports.new} weight 0
backend uneven
  server a1 127.0.0.1:${ports.old} weight 10
  server a2 127.0.0.1:${ports.old} weight 10
  server a3 127.0.0.1:${ports.old} weight 10
  server b1 127.0.0.1:${ports.new} weight 0
  server other 127.0.0.1:${ports.new} weight 7
backend dying
  server v1 127.0.0.1:${ports.old} weight 100
  server v2 127.0.0.1:${dead} weight 0 check inter ${CHECK_INTERVAL_MS}ms fall 1
backend hashed
  balance source
  server v1 127.0.0.1:${ports.old}
  server v2 127.0.0.1:${ports.new}
`
}
