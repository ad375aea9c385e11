// An HAProxy of a test's own: a master process with a worker, so that it can be reloaded, and backends as the test says.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../../lab/server-process.ts'
import { until } from '../../../lab/until.ts'
import { askMaster } from '../../../activities/traffic/haproxy/client.ts'
import { requireServer } from '../../../scripts/find-servers.mjs'
import { command } from './haproxy-server.ts'

const AGAIN_MS = 1_000

export interface OwnHaproxy {
  server: ServerHandle
  folder: string
  socket: string
  masterSocket: string
  stateFile: string
  url: string
  /** Another worker takes over; resolves when the socket is its own. */
  reload(): Promise<void>
}

/** `backend`: the lines of backend `bk`, which all requests go to. `more`: further sections. `own`: lines of the section global. */
export async function startOwnHaproxy(backend: string, more = '', own = ''): Promise<OwnHaproxy> {
  let folder = ''
  const { chosen, server } = await startServer('haproxy-own', freePort, (port, path) => {
    folder = path
    writeFileSync(join(path, 'haproxy.cfg'), configuration({ folder, port, backend, more, own }))
    return {
      command: requireServer('haproxy'),
      args: ['-W', '-db', '-S', join(path, 'master.sock'), '-f', join(path, 'haproxy.cfg')],
      isReady: async () =>
        (await command(join(path, 'admin.sock'), 'show servers state')).startsWith('1\n') &&
        (await hasMaster(path)),
    }
  })
  const socket = join(folder, 'admin.sock')
  const pid = async () => /^Pid: (\d+)/m.exec(await command(socket, 'show info').catch(() => ''))?.[1]
  return {
    server,
    folder,
    socket,
    masterSocket: join(folder, 'master.sock'),
    stateFile: join(folder, 'state'),
    url: `http://127.0.0.1:${chosen}`,
    reload: async () => {
      const before = await pid()
      let saidAt = 0
      await until('another worker answers', async () => {
        // A master that is still busy with the reload before does not hear of the next one.
        if (Date.now() - saidAt > AGAIN_MS) {
          process.kill(server.pid as number, 'SIGUSR2')
          saidAt = Date.now()
        }
        const now = await pid()
        return now !== undefined && now !== before
      })
      // It starts itself anew, too, and is not there for a moment.
      await until('the master answers', () => hasMaster(folder))
    },
  }
}

async function hasMaster(folder: string): Promise<boolean> {
  const told = await askMaster(join(folder, 'master.sock'), 'show proc', AbortSignal.timeout(AGAIN_MS))
  return told.startsWith('#<PID>')
}

type Given = { folder: string; port: number; backend: string; more: string; own: string }

function configuration({ folder, port, backend, more, own }: Given): string {
  return `global
  stats socket ${folder}/admin.sock mode 600 level admin expose-fd listeners
  server-state-file ${folder}/state
  nbthread 1
${own}
defaults
  mode http
  load-server-state-from-file global
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  retries 3
  option redispatch
frontend f
  bind 127.0.0.1:${port}
  default_backend bk
backend bk
  balance roundrobin
${backend}
${more}
`
}
