// Two real HAProxy on one port (SO_REUSEPORT, as the system deals connections out between them), with two sides behind them, and runs
// that move both: what the suite of processes on one port stands on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { readBackend } from '../../activities/traffic/haproxy/client.ts'
import { checkRunbook } from '../../client/runbook/load.ts'
import { startRun } from '../../client/run/start.ts'
import { freePort } from '../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../lab/server-process.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import { until } from '../../lab/until.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import { bareDeps, createTestWorker } from '../../worker/testing.ts'
import { abort, state as stateQuery, workflowIdOf } from '../../workflows/messages.ts'
import type { cutover } from '../../workflows/cutover.ts'
import type { RunState } from '../../workflows/run/state.ts'
import { command } from '../contract/traffic/haproxy-server.ts'
import { startUpstream } from '../contract/traffic/upstream.ts'

const ANSWER_AFTER_MS = 20 // twenty requests of a thousand per second are then under way at once, on as many connections
const PHASE_MS_MAX = 90_000

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
  begin(runbook: { service: string; hold: string; connections: object }): Promise<Run>
  end(): Promise<void>
}

export interface Run {
  state(): Promise<RunState>
  /** Resolves once it is so; fails when the run goes back unasked. */
  reaches(what: string, isSo: (state: RunState) => boolean): Promise<void>
  abort(): Promise<void>
  outcome(): Promise<string>
}

export async function openPair(): Promise<Pair> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] })
  const [old, fresh] = await Promise.all([
    startUpstream('old', ANSWER_AFTER_MS),
    startUpstream('new', ANSWER_AFTER_MS),
  ])
  const sides = { old: old.port, new: fresh.port }
  const port = await freePort()
  const [a, b] = [await startProcess(port, sides), await startProcess(port, sides)]
  const temporal = await startTemporal()
  const connection = await NativeConnection.connect({ address: temporal.address })
  const { namespace, address } = temporal
  const worker = await createTestWorker({ connection, namespace, deps: bareDeps() })
  const client = new Client({ connection, namespace })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sides,
    a,
    b,
    begin: async (of) => {
      const { plan, problems } = await checkRunbook(JSON.stringify(runbook(of)), { file: 'pair.yaml' })
      if (plan === undefined) throw new Error(JSON.stringify(problems))
      await startRun({ client, address, namespace }, plan, { actor: 'maria', despite: [] })
      return runOf(client, plan.service)
    },
    end: async () => {
      await worker.stop()
      await connection.close()
      await temporal.server.close()
      for (const each of [a, b]) await each.server.close()
      await Promise.all([old.end(), fresh.end()])
    },
  }
}

/** Nothing watches it but the proofs: what is asked here is who is moved. */
function runbook({ service, hold, connections }: { service: string; hold: string; connections: object }) {
  const moving = {
    connection: Object.keys(connections),
    samples: 200,
    tolerance: '5%',
    unwatched: 'the test does',
  }
  return {
    cutover: 'v1',
    service,
    drain: '1s',
    connections,
    steps: [{ canary: { ...moving, weights: ['25%', '50%'], hold: '1s' } }, { switch: { ...moving, hold } }],
  }
}

export function connectionTo({ socket }: Process, more: object = {}): object {
  return { provider: 'traffic/haproxy', socket, backend: 'bk', old: 'v1', new: 'v2', ...more }
}

function runOf(client: Client, service: string): Run {
  const handle = client.workflow.getHandle<typeof cutover>(workflowIdOf(service))
  const state = async () => (await handle.query(stateQuery)).state
  return {
    state,
    reaches: async (what, isSo) => void (await until(what, async () => isSo(await state()), PHASE_MS_MAX)),
    abort: () => handle.signal(abort, { actor: 'maria', reason: 'the test' }),
    outcome: async () => (await handle.result()).outcome,
  }
}
