// Starts and kills worker processes, and answers what they ask of the simulated world in this process.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ApplicationFailure } from '@temporalio/common'
import { failure } from '../../activities/failure.ts'
import { findProvider } from '../../activities/find-provider.ts'
import type { JsonObject } from '../../workflows/json.ts'
import { deps } from './deps.ts'

export interface Request {
  number: number
  provider: string
  config: JsonObject
  method: string
  args: unknown[]
  isAborted?: true
}

type Failure = { type: string; message: string; nonRetryable: boolean; details?: unknown[] }
export interface Answer {
  number: number
  value: unknown
  failure: Failure | null
}

export interface WorkerProcess {
  /** It stands still from now on, with its connections open: what the server gives it is taken and not worked on. */
  freeze(): void
  /** kill -9. */
  kill(): Promise<void>
}

const CHILD = fileURLToPath(new URL('worker-child.ts', import.meta.url))

export async function startWorkerProcess(of: {
  address: string
  namespace: string
  /** The workflow bundle. */
  codePath: string
}): Promise<WorkerProcess> {
  const child = fork(CHILD, [of.address, of.namespace, of.codePath], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [],
  })
  const ended = once(child, 'exit')
  const calls = new Map<number, AbortController>()
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  child.on('message', (said: Request | 'ready') => {
    if (said === 'ready') return resolve()
    if (said.isAborted) return calls.get(said.number)?.abort(new DOMException('too late', 'TimeoutError'))
    const controller = new AbortController()
    calls.set(said.number, controller)
    void answer(child, said, controller.signal).finally(() => calls.delete(said.number))
  })
  await Promise.race([ready, ended.then(() => Promise.reject(new Error('the worker process did not start')))])
  return {
    freeze: () => void child.kill('SIGSTOP'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function answer(child: ChildProcess, request: Request, signal: AbortSignal): Promise<void> {
  const { number } = request
  const said: Answer = await carriedOut(request, signal).then(
    (value) => ({ number, value, failure: null }),
    (error: unknown) => ({ number, value: null, failure: failureOf(error) }),
  )
  if (child.connected) child.send(said, () => {}) // one that is killed meanwhile hears nothing, and that is no error of ours
}

async function carriedOut(
  { provider, config, method, args }: Request,
  signal: AbortSignal,
): Promise<unknown> {
  const found = findProvider(provider)
  if (found === undefined) throw failure('Config', `no provider ${provider}`)
  const port = found.connect(found.spec.config.parse(config), deps) as unknown as {
    [method: string]: (...args: unknown[]) => Promise<unknown>
  }
  return await port[method]?.(...args, { signal })
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof ApplicationFailure))
    return { type: 'Bug', message: String(error), nonRetryable: true }
  const { type, message, nonRetryable, details } = error
  return {
    type: type ?? 'Bug',
    message,
    nonRetryable: nonRetryable === true,
    ...(details ? { details } : {}),
  }
}
