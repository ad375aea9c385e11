// One real server as a child process: started, waited for until it answers, stopped, started again on the same ports.
// Ends with its owner however the owner ends; knows nothing of what the server does.
import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startWatchdog } from '../activities/execute/watchdog.ts'
import { createFolder } from './folder.ts'
import type { Folder } from './folder.ts'
import { recordProcess } from './records.ts'
import { Hopeless, until } from './until.ts'

const STOP_GRACE_MS = 3_000 // what a server gets to end by itself before it is ended
const ATTEMPTS_MAX = 3 // a port may be taken between choosing and binding it
const LOG_TAIL_CHARACTERS = 2_000 // enough to see why a server refused its configuration
const SETPRIV = '/usr/bin/setpriv' // util-linux: lets the kernel end a child when its parent dies

export type ServerSpec = {
  name: string
  command: string
  args: string[]
  env?: Record<string, string>
  /** What asks it to end by itself; SIGTERM unless said. */
  stopSignal?: NodeJS.Signals
  /** Runs as this user, which must own what it writes; for servers that refuse to be run by root. */
  user?: string
  /** True once the server answers. */
  isReady: () => boolean | Promise<boolean>
  /** For what has work to do before it answers. */
  readyWithinMs?: number
  /** It has processes of its own (NGINX its workers), which must not outlive it or its owner. */
  withChildren?: boolean
  /** For our own Node programs: opens a message channel, whose end also tells the child that the owner is gone. */
  withChannel?: boolean
}

/** The life of one server. `start` after `stop` or `kill` uses the same ports and data. */
export type ServerHandle = {
  readonly name: string
  /** Undefined while stopped. */
  readonly pid: number | undefined
  start(): Promise<void>
  stop(): Promise<void>
  /** kill -9, for tests of crashes. */
  kill(): Promise<void>
  /** Stops for good and removes its files. */
  close(): Promise<void>
}

/**
 * Starts a server in a folder of its own, on ports that `choose` finds; with others again when one was taken meanwhile.
 * `specify` may write configuration into the folder.
 */
export async function startServer<T>(
  name: string,
  choose: () => Promise<T>,
  specify: (chosen: T, folder: string) => Omit<ServerSpec, 'name'>,
): Promise<{ chosen: T; server: ServerHandle }> {
  for (let attempt = 1; ; attempt++) {
    const folder = createFolder(name)
    try {
      const chosen = await choose()
      const server = new ServerProcess({ name, ...specify(chosen, folder.path) }, folder)
      await server.start()
      return { chosen, server }
    } catch (error) {
      folder.remove()
      const wasTaken = /in use|EADDRINUSE|could not bind|cannot bind/i.test(String(error))
      if (attempt === ATTEMPTS_MAX || !wasTaken) throw error
    }
  }
}

class ServerProcess implements ServerHandle {
  readonly name: string
  private readonly spec: ServerSpec
  private readonly folder: Folder
  private child: ChildProcess | undefined
  private forget: () => void = () => {}

  constructor(spec: ServerSpec, folder: Folder) {
    this.name = spec.name
    this.spec = spec
    this.folder = folder
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  async start(): Promise<void> {
    if (this.child) return
    const log = join(this.folder.path, `${this.name}.log`)
    // The kernel ends the one process that we start when we die; this, all of its group.
    const watchdog = this.spec.withChildren ? await startWatchdog() : undefined
    const child = this.spawn(log)
    this.child = child
    if (child.pid !== undefined) watchdog?.guard(child.pid)
    child.once('exit', () => {
      watchdog?.dismiss()
      if (this.child === child) this.child = undefined
      process.removeListener('exit', this.killNow)
      this.forget()
    })
    process.on('exit', this.killNow)
    try {
      if (child.pid === undefined) throw new Error(`${this.spec.command} could not be started`)
      this.forget = recordProcess(child.pid)
      const ended = once(child, 'exit').then(([code, signal]) => {
        throw new Hopeless(`${this.name} ended: exit ${code ?? signal}`)
      })
      const answers = () => Promise.race([this.spec.isReady(), ended])
      await until(`${this.name} answers`, answers, this.spec.readyWithinMs)
    } catch (error) {
      await this.end('SIGKILL')
      const tail = readFileSync(log, 'utf8').slice(-LOG_TAIL_CHARACTERS)
      throw new Error(`${this.name} did not start: ${String(error)}\n${tail}`, { cause: error })
    }
  }

  stop(): Promise<void> {
    return this.end(this.spec.stopSignal ?? 'SIGTERM')
  }

  async kill(): Promise<void> {
    const { pid } = this
    await this.end('SIGKILL')
    if (this.spec.withChildren) endGroup(pid)
  }

  async close(): Promise<void> {
    await this.stop()
    this.folder.remove()
  }

  private spawn(log: string): ChildProcess {
    const [command, args] = withParentDeathSignal(this.spec)
    const output = openSync(log, 'a')
    const stdio: StdioOptions = ['ignore', output, output, ...(this.spec.withChannel ? ['ipc' as const] : [])]
    try {
      const child = spawn(command, args, {
        cwd: this.folder.path,
        env: { ...process.env, ...this.spec.env },
        stdio,
        detached: true, // a terminal's Ctrl-C is for the owner, who ends its servers in order
      })
      child.on('error', () => {}) // reported by start: the process has no id
      return child
    } finally {
      closeSync(output)
    }
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child
    if (!child || child.pid === undefined) return
    child.kill(signal)
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
    try {
      await until(`${this.name} ends`, hasEnded, STOP_GRACE_MS)
    } catch {
      child.kill('SIGKILL') // grace is over
      if (this.spec.withChildren) endGroup(child.pid)
      await until(`${this.name} ends`, hasEnded, STOP_GRACE_MS)
    }
  }

  private readonly killNow = (): void => {
    if (this.spec.withChildren) endGroup(this.pid)
    this.child?.kill('SIGKILL')
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // all of it has ended
  }
}

function withParentDeathSignal(spec: ServerSpec): [string, string[]] {
  try {
    accessSync(SETPRIV)
    const as = spec.user ? [`--reuid=${spec.user}`, `--regid=${spec.user}`, '--init-groups'] : []
    return [SETPRIV, [...as, '--pdeathsig', 'KILL', '--', spec.command, ...spec.args]]
  } catch {
    return [spec.command, spec.args] // elsewhere the next start cleans up
  }
}
