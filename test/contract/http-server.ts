// A small HTTP server for tests: answers what the test says, keeps what it was sent, ends with all its connections.
import { once } from 'node:events'
import { type IncomingHttpHeaders, createServer } from 'node:http'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface Reply {
  status?: number
  headers?: Record<string, string>
  body?: string
}

export interface HttpServer {
  url: string
  received: Received[]
  /** What the next requests are answered; null = never. */
  answer: (request: Received) => Reply | null | Promise<Reply | null>
  /** No longer listens: connections are refused. */
  end(): Promise<void>
}

export async function startHttpServer(answer: HttpServer['answer']): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }
      handle.received.push(request)
      const reply = await handle.answer(request)
      if (reply === null) return
      outgoing.writeHead(reply.status ?? 200, reply.headers ?? {}).end(reply.body ?? '')
    })().catch(() => outgoing.destroy()) // the caller has gone: that is what some tests are about
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  const handle: HttpServer = {
    url: `http://127.0.0.1:${address.port}`,
    received: [],
    answer,
    async end() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
  return handle
}
