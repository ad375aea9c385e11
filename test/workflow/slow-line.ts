// A TCP line to a server that is slow, or silent for a while: every byte arrives, later.
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'

export interface Line {
  address: string
  close(): Promise<void>
}

/** `delayMs` on every piece in both directions; nothing at all goes through before `silentMs` are over. */
export async function slowLine(to: string, of: { delayMs?: number; silentMs?: number }): Promise<Line> {
  const [host = '', port = ''] = to.split(':')
  const opensAt = Date.now() + (of.silentMs ?? 0)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) })
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => into.destroy())
      from.on('close', () => setTimeout(() => into.destroy(), of.delayMs ?? 0))
      from.on('data', (piece: Buffer) => {
        const delayMs = Math.max(of.delayMs ?? 0, opensAt - Date.now())
        setTimeout(() => into.writable && into.write(piece), delayMs) // timers of one length keep their order
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
