// A tiny gRPC service, and calls of it, over plain HTTP/2: one unary method that says in `x-side` who answered. No code of gRPC is
// needed for that: a call is a request with a frame in it, its result a trailer.
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { Upstream } from './upstream.ts'

const EMPTY_MESSAGE = Buffer.from([0, 0, 0, 0, 0]) // not compressed, of no bytes
const METHOD = '/orders.Orders/Get'

export async function startGrpcUpstream(name: string): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const server = createServer()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {}) // a caller that leaves is no fault of the upstream
    stream.resume()
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-side': name },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(EMPTY_MESSAGE)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    end: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface GrpcCalls {
  /** The side that answered a call with this metadata; anything but success is in words. */
  call(metadata?: Record<string, string>): Promise<string>
  end(): void
}

export function grpcCalls(url: string, authority: string): GrpcCalls {
  const session = connect(url)
  session.on('error', () => {}) // each call tells its own
  return { call: (metadata = {}) => call(session, { authority, metadata }), end: () => session.destroy() }
}

function call(
  session: ClientHttp2Session,
  { authority, metadata }: { authority: string; metadata: Record<string, string> },
): Promise<string> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': METHOD,
      ':authority': authority,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...metadata,
    })
    let side = ''
    let status: unknown
    stream.on('response', (headers) => {
      side = String(headers['x-side'] ?? '')
      status = headers['grpc-status'] // an answer without a message has it here
    })
    stream.on('trailers', (trailers) => (status = trailers['grpc-status']))
    stream.on('error', (error) => resolve(error.message))
    stream.on('end', () => resolve(String(status) === '0' ? side : `grpc-status ${String(status)}`))
    stream.resume()
    stream.end(EMPTY_MESSAGE)
  })
}
