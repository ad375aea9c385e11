// The installed program as somebody who never saw the checkout runs it: in that folder, by that Node, with a home of its own.
import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { type OwnWorkers, ownWorkers } from '../workflow/own-workers.ts'

const ENDS_WITHIN_MS = 120_000 // the longest run of these tests, on busy cores

export interface Said {
  code: number
  stdout: string
  stderr: string
}

export interface Program {
  run(args: string[], env?: Record<string, string>): Promise<Said>
  /** Another program of that Node, in the same folder. */
  node(args: string[], env?: Record<string, string>): Promise<Said>
  /** What stays: `dev`, `worker`. */
  stay(args: string[]): OwnWorkers
  env: Record<string, string>
}

export function programIn(folder: string, node: string): Program {
  const bin = join(folder, 'node_modules/cutover/bin/cutover.js')
  const home = join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const env = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    NO_COLOR: '1',
    TEMPORAL_CLI_PATH: requireServer('temporal'),
  }
  const run = (args: string[], more: Record<string, string> = {}) =>
    new Promise<Said>((resolve) => {
      const options = { cwd: folder, env: { ...env, ...more }, timeout: ENDS_WITHIN_MS }
      execFile(node, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr })
      })
    })
  return {
    env,
    node: run,
    run: (args, more) => run([bin, ...args], more),
    stay: (args) => ownWorkers([bin, ...args], [node]),
  }
}
