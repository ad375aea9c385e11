// Runs one executable: JSON in, text out, bounded in time and size, no shell, nothing of the worker's environment.
// The call is over only when the process is: what is still running could still write. It ends with the worker, too.
import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { JsonObject } from '../../workflows/json.ts'
import { type Watchdog, startWatchdog } from './watchdog.ts'

const OUTPUT_BYTES_MAX = 64 * 1024 // unless the caller expects more
const TERM_GRACE_MS = 500 // to clean up after SIGTERM before SIGKILL; the engine's own deadline is near
const PIPE_GRACE_MS = 250 // to drain output after the end; a daemon left behind may hold the pipes open for ever
// Not the worker's own: its environment holds secrets and its PATH is not the owner's promise.
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

export interface Execution {
  path: string
  args: string[]
  folder: string
  input: JsonObject
  /** Variables besides PATH and LANG. */
  env?: Record<string, string>
  signal: AbortSignal
  /** Of each of its outputs; more is read and dropped. */
  outputBytesMax?: number
}

export interface Ended {
  /** Exit code, or null when a signal ended it. */
  code: number | null
  endedBy: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** It printed more than is read; `stdout` is the beginning. */
  isCut: boolean
}

/** Runs it to its end; an aborted signal ends it with all its children first. Rejects when it cannot be started. */
export async function execute(execution: Execution): Promise<Ended> {
  execution.signal.throwIfAborted()
  const watchdog = await startWatchdog()
  try {
    return await guarded(execution, watchdog)
  } finally {
    watchdog.dismiss()
  }
}

async function guarded(execution: Execution, watchdog: Watchdog): Promise<Ended> {
  const { path, args, folder, input, env = {}, signal, outputBytesMax = OUTPUT_BYTES_MAX } = execution
  signal.throwIfAborted() // the watchdog took a moment
  // A group of its own, so that its children can be ended with it.
  const child = spawn(path, args, {
    cwd: folder,
    env: { ...ENVIRONMENT, ...env },
    shell: false,
    detached: true,
    stdio: 'pipe',
  })
  const stdout = collect(child.stdout, outputBytesMax)
  const stderr = collect(child.stderr, outputBytesMax)
  child.stdin.on('error', () => {}) // it may end without reading its input; its exit code says what that means
  if (child.pid !== undefined) watchdog.guard(child.pid) // before it is told what to do
  child.stdin.end(`${JSON.stringify(input)}\n`)
  let kill: NodeJS.Timeout | undefined
  const stop = (): void => {
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), TERM_GRACE_MS)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const { code, endedBy } = await end(child)
    if (signal.aborted) signalGroup(child, 'SIGKILL') // children that outlived the leader
    return { code, endedBy, stdout: stdout.text(), stderr: stderr.text(), isCut: stdout.isCut() }
  } finally {
    clearTimeout(kill)
    signal.removeEventListener('abort', stop)
  }
}

function end(child: ChildProcess): Promise<{ code: number | null; endedBy: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, endedBy) => {
      const finish = (): void => {
        clearTimeout(drain)
        child.stdout?.destroy()
        child.stderr?.destroy()
        resolve({ code, endedBy })
      }
      const drain = setTimeout(finish, PIPE_GRACE_MS)
      child.once('close', finish)
    })
  })
}

function collect(output: Readable | null, bytesMax: number): { text(): string; isCut(): boolean } {
  const chunks: Buffer[] = []
  let size = 0
  output?.on('data', (chunk: Buffer) => {
    if (size <= bytesMax) chunks.push(chunk) // the rest is read and dropped: a full pipe would block it
    size += chunk.length
  })
  return {
    text: () => Buffer.concat(chunks).subarray(0, bytesMax).toString('utf8'),
    isCut: () => size > bytesMax,
  }
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, name)
  } catch {
    // the group has ended meanwhile: nothing to end
  }
}
