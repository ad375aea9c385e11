// A small HTTP server for tests: answers what the test says, keeps what it was sent, ends with all its connections.
import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestListener, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
  /** The name in the certificate that the client showed. */
  shown?: string | undefined
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
  /** Goes on with another certificate. */
  renew(certificate: ServerCertificate): void
  /** No longer listens: connections are refused. */
  end(): Promise<void>
}

export interface ServerCertificate {
  cert: string
  key: string
  /** Whose clients are let in; undefined = everybody's. */
  ca?: string
}

export async function startHttpServer(
  answer: HttpServer['answer'],
  certificate?: ServerCertificate,
): Promise<HttpServer> {
  const listener: RequestListener = (incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        ...('getPeerCertificate' in incoming.socket ? { shown: nameOf(incoming.socket as TLSSocket) } : {}),
      }
      handle.received.push(request)
      const reply = await handle.answer(request)
      if (reply === null) return
      outgoing.writeHead(reply.status ?? 200, reply.headers ?? {}).end(reply.body ?? '')
    })().catch(() => outgoing.destroy()) // the caller has gone: that is what some tests are about
  }
  const tls = certificate && createTlsServer(strict(certificate), listener)
  const server = tls ?? createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  const handle: HttpServer = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`,
    received: [],
    answer,
    renew: (next) => {
      tls?.setSecureContext(next)
      server.closeAllConnections()
    },
    async end() {
      server.closeAllConnections()
      if (server.listening) await new Promise((resolve) => server.close(resolve))
    },
  }
  return handle
}

function strict(certificate: ServerCertificate) {
  const isStrict = certificate.ca !== undefined
  return { ...certificate, requestCert: isStrict, rejectUnauthorized: isStrict }
}

function nameOf(socket: TLSSocket): string | undefined {
  const { CN } = socket.getPeerCertificate().subject ?? {}
  return Array.isArray(CN) ? CN.join(' ') : CN
}
