// The command line as an operator uses it: each call is a process of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Json } from '../../workflows/json.ts'
import { Hopeless, until } from '../until.ts'
import { CUTOVER } from './worker.ts'

const LINE_WITHIN_MS = 60_000 // the longest wait of a hurried run, on busy cores

export type CommandResult = { code: number; stdout: string; stderr: string }

/** A verb that stays: `start --wait`, `watch`. Its lines come while it runs. */
export type Following = {
  /** The first line that matches, said already or still to come. */
  line(pattern: RegExp): Promise<string>
  ended: Promise<CommandResult>
}

export type Cli = {
  run(args: string[], env?: { [name: string]: string }): Promise<CommandResult>
  /** With `-o json`; the parsed document whatever the exit code. */
  json<T = Json>(args: string[]): Promise<T>
  follow(args: string[]): Following
  /** Ends what still runs. */
  end(): Promise<void>
}

export function cliWith(environment: { [name: string]: string }): Cli {
  const alive = new Set<ChildProcess>()
  const spawned = (args: string[], env: { [name: string]: string }) => {
    const child = spawn(process.execPath, [CUTOVER, ...args], {
      env: { ...process.env, ...environment, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    alive.add(child)
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        alive.delete(child)
        resolve(code ?? -1)
      })
    })
    return { child, exited }
  }
  const run: Cli['run'] = async (args, env = {}) => {
    const { child, exited } = spawned(args, env)
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited])
    return { code, stdout, stderr }
  }
  return {
    run,
    async json<T>(args: string[]) {
      const said = await run([...args, '-o', 'json'])
      try {
        return JSON.parse(said.stdout) as T
      } catch (cause) {
        throw new Error(
          `cutover ${args.join(' ')} gave no JSON (exit ${said.code}): ${said.stdout}${said.stderr}`,
          { cause },
        )
      }
    },
    follow(args) {
      const { child, exited } = spawned(args, {})
      return following(child, exited)
    },
    async end() {
      for (const child of alive) child.kill('SIGKILL')
      await until('every command has ended', () => alive.size === 0)
    },
  }
}

type Speaking = Pick<ReturnType<typeof spawn>, 'stdout' | 'stderr'>

function following({ stdout, stderr }: Speaking, exited: Promise<number>): Following {
  const heard = { stdout: '', stderr: '', over: false }
  stdout?.setEncoding('utf8').on('data', (piece: string) => (heard.stdout += piece))
  stderr?.setEncoding('utf8').on('data', (piece: string) => (heard.stderr += piece))
  const ended = exited.then((code) => {
    heard.over = true
    return { code, stdout: heard.stdout, stderr: heard.stderr }
  })
  ended.catch(() => {}) // told to whoever asks
  return {
    ended,
    line: (pattern) =>
      until(
        `a line like ${pattern}`,
        () => {
          const wasOver = heard.over
          const found = heard.stdout.split('\n').find((line) => pattern.test(line))
          if (found !== undefined) return found
          const missed = `no line like ${pattern}:\n${heard.stdout}${heard.stderr}`
          throw wasOver ? new Hopeless(missed) : new Error(missed)
        },
        LINE_WITHIN_MS,
      ),
  }
}
