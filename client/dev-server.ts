// Starts the Temporal dev server as a child: state in a file, search attributes created, ended by id. Used by `cutover dev`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { attributes } from '../workflows/messages.ts'
import type { Environment } from './config.ts'
import { claimStateFile } from './dev-file.ts'
import { Problem } from './problem.ts'
import { findTemporalCli } from './temporal-cli.ts'

const HOST = '127.0.0.1'
const UI_PORT_ABOVE = 1_000 // as the temporal CLI does
const READY_WITHIN_MS = 20_000 // 0.4 s usually; a large state file takes longer
const LOOK_EVERY_MS = 50
const ENDS_WITHIN_MS = 5_000 // then it is killed; SQLite keeps its file whole
const LAST_WORDS_MAX = 2_000 // characters of its standard error kept for an error message

export type DevServer = {
  address: string
  ui: string
  file: string
  /** Aborted when the server ends by itself. */
  gone: AbortSignal
  stop(): Promise<void>
}

export async function startDevServer(options: {
  port: number
  file: string | undefined
  env: Environment
  signal: AbortSignal
}): Promise<DevServer> {
  const { port, env, signal } = options
  const command = findTemporalCli(env)
  await refuseTaken(port)
  const file = resolve(options.file ?? join(stateFolder(env), 'dev.db'))
  await mkdir(dirname(file), { recursive: true })
  const release = await claimStateFile(file, { port, answers: canConnect })
  // Its own process group: Ctrl-C reaches us only, and the worker ends before its server does.
  const child = spawn(command, serverArgs(port, file), {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let lastWords = ''
  child.stderr.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS_MAX)
  })
  const gone = new AbortController()
  child.once('exit', () => gone.abort())
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const stop = async () => {
    process.off('exit', killAtExit)
    if (!gone.signal.aborted) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const late = setTimeout(killAtExit, ENDS_WITHIN_MS)
      await ended
      clearTimeout(late)
    }
    await release()
  }
  const isReady = await answers(
    port,
    AbortSignal.any([gone.signal, signal, AbortSignal.timeout(READY_WITHIN_MS)]),
  )
  if (!isReady && !signal.aborted) {
    await stop()
    throw new Problem({
      what: `the Temporal dev server did not start on port ${port}`,
      why: lastWords.trim(),
    })
  }
  return {
    address: `${HOST}:${port}`,
    ui: `http://${HOST}:${port + UI_PORT_ABOVE}`,
    file,
    gone: gone.signal,
    stop,
  }
}

/** Of the user, not of the installed package: that may belong to somebody else and is replaced by the next version. */
function stateFolder(env: Environment): string {
  const state = env['XDG_STATE_HOME'] ?? '' // https://specifications.freedesktop.org/basedir-spec
  return join(state === '' ? join(homedir(), '.local', 'state') : state, 'cutover')
}

function serverArgs(port: number, file: string): string[] {
  const named = Object.values(attributes).flatMap(({ name, type }) => [
    '--search-attribute',
    `${name}=${type === 'INT' ? 'Int' : 'Keyword'}`,
  ])
  const ports = ['--ip', HOST, '--port', String(port), '--ui-port', String(port + UI_PORT_ABOVE)]
  return ['server', 'start-dev', ...ports, '--db-filename', file, '--log-level', 'error', ...named]
}

async function refuseTaken(port: number): Promise<void> {
  if (!(await canConnect(port))) return
  throw new Problem({
    what: `port ${port} is in use`,
    why: 'a Temporal server may be running already',
    todo: [
      'cutover worker                   adds a worker to the server that is there',
      'cutover dev --port N --db FILE   starts one on another port, with a state of its own',
    ],
  })
}

async function answers(port: number, giveUp: AbortSignal): Promise<boolean> {
  while (!giveUp.aborted) {
    if (await canConnect(port)) return true
    await wait(LOOK_EVERY_MS)
  }
  return false
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect({ host: HOST, port })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false // nobody listens there yet
  } finally {
    socket.destroy()
  }
}
