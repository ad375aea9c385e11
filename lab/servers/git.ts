// A Git repository, served as teams serve theirs: over HTTP, by Git's own server (`git http-backend`), on loopback. What is committed
// is a few files; it may be slow, or down, on purpose.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { requireServer } from '../../scripts/find-servers.mjs'
import { createFolder } from '../folder.ts'

const BRANCH = 'main'
const AUTHOR = ['-c', 'user.name=a team', '-c', 'user.email=team@shop.example']
/** Neither the machine's settings nor a person's. */
const ALONE = { GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }

export interface Repository {
  url: string
  /** Writes these files (path -> content) beside the others, on `main`; returns the commit. */
  commit(files: { [path: string]: string }): Promise<string>
  /** Questions wait for it. */
  hold: Promise<void> | null
  /** How many do. */
  readonly waiting: number
  /** Nobody answers. */
  isDown: boolean
  end(): void
}

export async function startRepository(): Promise<Repository> {
  const git = requireServer('git')
  const folder = createFolder('git')
  const work = join(folder.path, 'shop')
  mkdirSync(work)
  const run = async (...args: string[]): Promise<string> => {
    const options = { cwd: work, env: { ...process.env, ...ALONE } }
    return (await promisify(execFile)(git, args, options)).stdout.trim()
  }
  await run('init', '--quiet', `--initial-branch=${BRANCH}`)
  const repository = { hold: null as Promise<void> | null, waiting: 0, isDown: false }
  const server = createServer((asked, answer) => {
    answering(asked, answer).catch(() => asked.socket.destroy())
  })
  async function answering(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    repository.waiting += 1
    await repository.hold
    repository.waiting -= 1
    if (repository.isDown) return void asked.socket.destroy()
    await serve({ git, root: folder.path, asked, answer })
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(repository, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop`,
    async commit(files: { [path: string]: string }) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(work, path)), { recursive: true })
        writeFileSync(join(work, path), content)
      }
      await run('add', '--all')
      await run(...AUTHOR, 'commit', '--quiet', '--allow-empty', '--message', 'as the team says')
      return await run('rev-parse', 'HEAD')
    },
    end() {
      server.closeAllConnections()
      server.close()
      folder.remove()
    },
  })
}

type Exchange = { git: string; root: string; asked: IncomingMessage; answer: ServerResponse }

/** CGI, as Git's server speaks it (RFC 3875). */
async function serve({ git, root, asked, answer }: Exchange): Promise<void> {
  const { pathname, search } = new URL(asked.url ?? '/', 'http://127.0.0.1')
  const { 'content-type': type, 'content-encoding': encoding, 'git-protocol': protocol } = asked.headers
  const child = spawn(git, ['http-backend'], {
    env: {
      ...process.env,
      ...ALONE,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: pathname.replace('/shop', '/shop/.git'),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: asked.method ?? 'GET',
      ...(type === undefined ? {} : { CONTENT_TYPE: type }),
      ...(encoding === undefined ? {} : { HTTP_CONTENT_ENCODING: encoding }),
      ...(protocol === undefined ? {} : { GIT_PROTOCOL: String(protocol) }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stdin.on('error', () => {}) // it has read enough and said so
  asked.pipe(child.stdin)
  await once(child, 'close')
  const all = Buffer.concat(chunks)
  const end = all.indexOf('\r\n\r\n')
  const lines = all.subarray(0, end).toString().split('\r\n')
  const headers = lines.map((line) => line.split(/:\s*/, 2) as [string, string])
  const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200'
  const others = headers.filter(([name]) => name !== 'Status')
  answer.writeHead(Number.parseInt(status, 10), Object.fromEntries(others)).end(all.subarray(end + 4))
}
