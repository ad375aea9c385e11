// Where Flagger asks whether to go on: one path for each gate of each Canary, answered yes or no. Says nothing else to whoever asks,
// reads nothing of what they send, and changes nothing.
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { KubeName } from '../activities/kubernetes/config.ts'
import { isGate } from '../activities/traffic/flagger/gates.ts'
import type { GateAsked, Keeper } from '../activities/traffic/flagger/keeper.ts'
import type { Address } from './config.ts'
import { type Listening, listen } from './listen.ts'

const ANSWER_MS_MAX = 8_000 // Flagger waits for ten seconds, unless its webhook says otherwise
const REQUEST_MS_MAX = 5_000 // for a request of a few hundred bytes to come in
const BODY_BYTES_MAX = 64 * 1024 // Flagger sends names and a checksum, and what the Canary adds to them
const CONNECTIONS_MAX = 64
const ASKED_AT_ONCE_MAX = 16 // each is three requests to the API server
const OPEN = 200
const CLOSED = 403 // as Flagger's own gates answer; not a 5xx, which it would ask again at once where it has retries

interface Log {
  warn(message: string, facts?: object): void
}

/** Raises a Refusal when it cannot listen there. Whatever is asked of it, it answers and lives on. */
export async function serveGates(address: Address, keeper: Keeper, log: Log): Promise<Listening> {
  let asking = 0
  const ending = new AbortController()
  const server = createServer((request, response) => {
    void (async () => {
      const asked = await askedIn(request)
      if (typeof asked === 'number') return answer(response, asked, '')
      if (asking >= ASKED_AT_ONCE_MAX) return answer(response, 503, 'busy\n')
      asking++
      try {
        const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(ANSWER_MS_MAX)])
        const isOpen = await keeper(asked, { signal })
        answer(response, isOpen ? OPEN : CLOSED, isOpen ? 'open\n' : 'closed\n')
      } catch (error) {
        // Closed, by any status above 202: what cannot be read is not allowed.
        log.warn(`the gate ${asked.gate} of Canary ${asked.namespace}/${asked.canary} stays closed`, {
          error,
        })
        answer(response, 503, 'not known\n')
      } finally {
        asking--
      }
    })()
  })
  server.maxConnections = CONNECTIONS_MAX
  server.requestTimeout = REQUEST_MS_MAX
  server.headersTimeout = REQUEST_MS_MAX
  const { url, close } = await listen(server, address, (error) => refusedAt(address, error))
  return {
    url,
    close: async () => {
      ending.abort(new Error('the worker ends'))
      await close()
    },
  }
}

/** What is asked for; a number is the status for what is no gate. What was sent is let through to its end and thrown away. */
async function askedIn(request: IncomingMessage): Promise<GateAsked | number> {
  let bytes = 0
  try {
    for await (const piece of request) {
      bytes += (piece as Buffer).length
      if (bytes > BODY_BYTES_MAX) return 413
    }
  } catch {
    return 400 // it broke off: nobody is there to be answered
  }
  const [, root, namespace = '', canary = '', gate = '', ...more] = (request.url ?? '').split('/')
  if (root !== 'flagger' || more.length > 0 || !isGate(gate)) return 404
  if (!KubeName.safeParse(namespace).success || !KubeName.safeParse(canary).success) return 404
  return request.method === 'POST' ? { namespace, canary, gate } : 405
}

function answer(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return
  // What is still being sent is not waited for.
  response.writeHead(status, status === 413 ? { connection: 'close' } : {})
  response.end(body)
}

function refusedAt({ host, port }: Address, error: NodeJS.ErrnoException): string {
  const why = error.code === 'EADDRINUSE' ? `port ${port} of ${host} is in use` : error.message
  return (
    `the gates of Flagger cannot be answered at ${host}:${port}: ${why}\n` +
    '  CUTOVER_FLAGGER_ADDRESS=host:port answers them elsewhere, off = nowhere'
  )
}
