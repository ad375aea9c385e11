// A TLS front of the API server that a test can step into: before a write goes on, or instead of its answer.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Kubernetes } from '../../lab/servers/kubernetes.ts'
import { createAuthority } from '../certificates.ts'

export interface Front {
  url: string
  /** File of the authority that signed its certificate. */
  ca: string
  /** What happens before the next write is passed on, once. */
  before: (() => Promise<void>) | null
  /** The next write is passed on, and the connection cut before its answer, once. */
  cutsAnswer: boolean
  /** Every request is answered as an API server does that has too many. */
  throttles: boolean
  /** Requests so far, whatever became of them. */
  asked: number
  /** The text of a kubeconfig of the API server that leads through the front. */
  through(kubeconfig: string): string
  end(): void
}

export async function startFront(kubernetes: Kubernetes, folder: string): Promise<Front> {
  const authority = await createAuthority(join(folder, 'front'), 'authority of the front')
  const { cert, key } = await authority.issue('front', { names: ['IP:127.0.0.1'] })
  const front: Front = {
    url: '',
    ca: authority.ca,
    before: null,
    cutsAnswer: false,
    throttles: false,
    asked: 0,
    through: (kubeconfig) =>
      kubeconfig.replaceAll(kubernetes.url, front.url).replaceAll(kubernetes.ca, authority.ca),
    end: () => {},
  }
  const authorityOfServer = readFileSync(kubernetes.ca)

  async function pass(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of asked) chunks.push(chunk as Buffer)
    front.asked += 1
    if (front.throttles) {
      response.writeHead(429, { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' })
      return void response.end('Too many requests, please try again later.\n')
    }
    const isWrite = asked.method === 'PATCH'
    const { before } = front
    const isCut = isWrite && front.cutsAnswer
    if (isWrite) Object.assign(front, { before: null, cutsAnswer: false })
    if (isWrite && before !== null) await before()
    const { host: _host, ...headers } = asked.headers
    const to = request(new URL(asked.url ?? '', kubernetes.url), {
      method: asked.method,
      headers,
      ca: authorityOfServer,
    })
    to.on('response', (answer) => {
      if (isCut) return void response.socket?.destroy()
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    to.on('error', () => response.socket?.destroy())
    to.end(Buffer.concat(chunks))
  }

  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (asked, response) => {
    pass(asked, response).catch(() => response.socket?.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  front.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  front.end = () => {
    server.closeAllConnections()
    server.close()
  }
  return front
}
