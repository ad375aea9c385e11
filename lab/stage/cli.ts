// The command line as an operator uses it: each call is a process of its own.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import type { Json } from '../../workflows/json.ts'
import { CUTOVER } from './worker.ts'

export type Said = { code: number; stdout: string; stderr: string }

export type Cli = {
  run(args: string[], env?: { [name: string]: string }): Promise<Said>
  /** With `-o json`; the parsed document whatever the exit code. */
  json<T = Json>(args: string[]): Promise<T>
}

export function cliWith(environment: { [name: string]: string }): Cli {
  const run: Cli['run'] = async (args, env = {}) => {
    const child = spawn(process.execPath, [CUTOVER, ...args], {
      env: { ...process.env, ...environment, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? -1))
    })
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
  }
}
