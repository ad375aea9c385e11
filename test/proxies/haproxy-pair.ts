// Two real HAProxy on one port (SO_REUSEPORT, as the system deals connections out between them), with two sides behind them, and runs
// that move both: what the suite of processes on one port stands on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readBackend } from '../../activities/traffic/haproxy/client.ts'
import { freePort } from '../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../lab/server-process.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import { command } from '../contract/traffic/haproxy-server.ts'
import { type Runs, openRuns } from '../contract/traffic/runs.ts'
import { startUpstream } from '../contract/traffic/upstream.ts'

const ANSWER_AFTER_MS = 20 // twenty requests of a thousand per second are then under way at once, on as many connections

export interface Process {
  server: ServerHandle
  socket: string
  /** Requests that it was given for each side. */
  served(): Promise<{ old: number; new: number }>
  weights(): Promise<{ old: number; new: number }>
}

export async function startProcess(port: number, sides: { old: number; new: number }): Promise<Process> {
  let folder = ''
  const { server } = await startServer(
    'haproxy-shared',
    async () => port,
    (_, path) => {
      folder = path
      writeFileSync(join(path, 'haproxy.cfg'), configuration({ folder: path, port, ...sides }))
      return {
        command: requireServer('haproxy'),
        args: ['-db', '-f', join(path, 'haproxy.cfg')],
        isReady: async () =>
          (await command(join(path, 'admin.sock'), 'show info')).startsWith('Name: HAProxy'),
      }
    },
  )
  const socket = join(folder, 'admin.sock')
  const of = async (figure: 'requestsTotal' | 'weight') => {
    const { servers } = await readBackend(socket, 'bk', AbortSignal.timeout(4_000))
    const [old = 0, fresh = 0] = ['v1', 'v2'].map(
      (name) => servers.find((each) => each.name === name)?.[figure],
    )
    return { old, new: fresh }
  }
  return { server, socket, served: () => of('requestsTotal'), weights: () => of('weight') }
}

// Connections of users stay open, so that the system has dealt them out once and for all.
function configuration(given: { folder: string; port: number; old: number; new: number }): string {
  return `global
  stats socket ${given.folder}/admin.sock mode 600 level admin
  nbthread 1
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 30s
  timeout http-keep-alive 1h
  retries 3
  option redispatch
frontend users
  bind 127.0.0.1:${given.port}
  http-request return status 200 content-type text/plain lf-string "process=%pid@%H" if { path /cutover/process }
  default_backend bk
backend bk
  balance roundrobin
  server v1 127.0.0.1:${given.old} weight 100
  server v2 127.0.0.1:${given.new} weight 0
`
}

export interface Pair {
  url: string
  port: number
  sides: { old: number; new: number }
  a: Process
  b: Process
  begin: Runs['begin']
  end(): Promise<void>
}

export async function openPair(): Promise<Pair> {
  const [old, fresh] = await Promise.all([
    startUpstream('old', ANSWER_AFTER_MS),
    startUpstream('new', ANSWER_AFTER_MS),
  ])
  const sides = { old: old.port, new: fresh.port }
  const port = await freePort()
  const [a, b] = [await startProcess(port, sides), await startProcess(port, sides)]
  const runs = await openRuns()
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sides,
    a,
    b,
    begin: runs.begin,
    end: async () => {
      await runs.end()
      for (const each of [a, b]) await each.server.close()
      await Promise.all([old.end(), fresh.end()])
    },
  }
}

export function connectionTo({ socket }: Process, more: object = {}): object {
  return { provider: 'traffic/haproxy', socket, backend: 'bk', old: 'v1', new: 'v2', ...more }
}
