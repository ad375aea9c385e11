// PostgreSQL as Debian ships it, on loopback, with one user whose password it asks for.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePorts } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

const UNPRIVILEGED = 'postgres' // the user that Debian's package makes; PostgreSQL refuses to be run by root
const RECOVERED_WITHIN_MS = 30_000 // after kill -9 it first goes through its log

export type Postgres = { server: ServerHandle; host: string; port: number; user: string; password: string }

export async function startPostgres({ user }: { user: string }): Promise<Postgres> {
  const tools = dirname(realpathSync(requireServer('postgres')))
  const tool = (name: string) => join(tools, name)
  const account = process.getuid?.() === 0 ? UNPRIVILEGED : undefined
  const password = randomUUID()
  const { chosen: port, server } = await startServer<number>(
    'postgres',
    async () => (await freePorts(1))[0] ?? 0,
    (chosen, folder) => {
      const data = join(folder, 'data')
      const passwordFile = join(folder, 'password')
      writeFileSync(passwordFile, password, { mode: 0o600 })
      const owner = account === undefined ? {} : owning(account, [folder, passwordFile])
      const shape = [
        `--pgdata=${data}`,
        `--username=${user}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
      ]
      execFileSync(tool('initdb'), [...shape, '--encoding=UTF8', '--locale=C.UTF-8'], {
        ...owner,
        cwd: folder,
        stdio: 'pipe',
      })
      return {
        command: tool('postgres'),
        args: ['-D', data, '-h', '127.0.0.1', '-p', String(chosen), '-k', folder],
        ...(account !== undefined && { user: account }),
        stopSignal: 'SIGINT', // ends although clients are connected; SIGTERM waits for them
        readyWithinMs: RECOVERED_WITHIN_MS,
        isReady: () => answers(tool('pg_isready'), chosen),
      }
    },
  )
  return { server, host: '127.0.0.1', port, user, password }
}

function answers(isReady: string, port: number): boolean {
  try {
    execFileSync(isReady, ['-q', '-h', '127.0.0.1', '-p', String(port)], { stdio: 'pipe' })
    return true
  } catch {
    return false // it starts, or it is not there
  }
}

/** Gives the paths to the account; the answer runs a command as it. */
function owning(account: string, paths: string[]): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, account], { encoding: 'utf8' }))
  const [uid, gid] = [id('-u'), id('-g')]
  for (const path of paths) if (statSync(path).uid !== uid) chownSync(path, uid, gid)
  return { uid, gid }
}
