// A worker in a process of its own, to be killed. Its providers reach the simulated world, which lives in the test's process,
// by messages: as with a real backend, a request that has left the worker is carried out whether or not the worker lives.
import { ApplicationFailure } from '@temporalio/common'
import { NativeConnection, Runtime, DefaultLogger } from '@temporalio/worker'
import type { Registry } from '../../activities/connect.ts'
import type { Provider } from '../../activities/provider.ts'
import { findProvider } from '../../activities/find-provider.ts'
import type { Io } from '../../workflows/ports/target.ts'
import { createTestWorker } from '../../worker/testing.ts'
import type { Answer, Request } from './worker-process.ts'
import { deps } from './deps.ts'

const METHODS = ['observe', 'write', 'confirm', 'inFlight', 'query', 'probe', 'examine', 'send']

const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
let counter = 0

process.on('message', (answer: Answer) => {
  const asked = waiting.get(answer.number)
  waiting.delete(answer.number)
  if (answer.failure === null) asked?.resolve(answer.value)
  else asked?.reject(ApplicationFailure.create(answer.failure))
})
process.on('disconnect', () => process.exit(1)) // the test is gone

async function ask(
  call: Pick<Request, 'provider' | 'config' | 'method' | 'args'>,
  { signal }: Io,
): Promise<unknown> {
  const number = ++counter
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  waiting.set(number, { resolve, reject })
  process.send?.({ number, ...call } satisfies Request)
  signal.addEventListener('abort', () =>
    process.send?.({ number, ...call, isAborted: true } satisfies Request),
  )
  return await promise
}

function isIo(arg: unknown): boolean {
  return typeof arg === 'object' && arg !== null && 'signal' in arg
}

function remote(provider: Provider): Provider {
  const connect = (config: Request['config']) =>
    Object.fromEntries(
      METHODS.map((method) => [
        method,
        (...args: unknown[]) => {
          const at = args.findIndex(isIo) // what follows it are hints, which no simulated provider takes
          const asked = { provider: provider.spec.id, config, method, args: args.slice(0, at) }
          return ask(asked, args[at] as Io)
        },
      ]),
    )
  return { spec: provider.spec, connect: connect as unknown as Provider['connect'] }
}

const registry: Registry = {
  find: (id) => {
    const known = findProvider(id)
    return known === undefined ? undefined : remote(known)
  },
  known: () => [],
}

Runtime.install({ logger: new DefaultLogger('ERROR') })
const [address = '', namespace = 'default', codePath = ''] = process.argv.slice(2)
const connection = await NativeConnection.connect({ address })
await createTestWorker({ connection, namespace, deps, registry, bundle: { codePath } })
process.send?.('ready')
