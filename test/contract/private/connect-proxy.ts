// A forward proxy: tunnels by CONNECT, forwards plain requests, may ask for user and password. Says what it was asked for.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'

export interface Proxy {
  url: string
  /** `CONNECT host:port` or `GET http://...`, in their order. */
  asked: string[]
  end(): Promise<void>
}

/** `auth`: the user:password it asks for. */
export async function startProxy({ auth }: { auth?: string } = {}): Promise<Proxy> {
  const asked: string[] = []
  const sockets = new Set<Duplex>()
  const isAllowed = (header: string | undefined): boolean =>
    auth === undefined || header === `Basic ${Buffer.from(auth).toString('base64')}`
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url}`)
    if (!isAllowed(incoming.headers['proxy-authorization'])) return void outgoing.writeHead(407).end()
    const forwarded = request(
      incoming.url ?? '',
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    forwarded.on('error', () => outgoing.writeHead(502).end())
    incoming.pipe(forwarded)
  })
  server.on('connect', (incoming, client: Duplex, head: Buffer) => {
    asked.push(`CONNECT ${incoming.url}`)
    sockets.add(client)
    client.on('error', () => {}) // the other end has gone
    const refuse = (status: string): void => void client.end(`HTTP/1.1 ${status}\r\n\r\n`)
    if (!isAllowed(incoming.headers['proxy-authorization']))
      return refuse('407 Proxy Authentication Required')
    const { hostname, port } = new URL(`http://${incoming.url}`)
    const there = connect({ host: hostname, port: Number(port) }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.write(head)
      there.pipe(client).pipe(there)
    })
    there.on('error', () => refuse('502 Bad Gateway'))
    client.on('close', () => there.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async end() {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
