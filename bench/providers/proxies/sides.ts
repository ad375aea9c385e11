// What stands behind a proxy that is measured: two sides that say who they are, and keep slow requests until they are let go.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export const SLOW = '/slow'

export interface Side {
  port: number
  /** Slow requests that have come in and have not ended. */
  held(): number
  /** Ends the one that has waited longest; the moment at which it was ended. */
  letOneGo(): number
  end(): Promise<void>
}

export async function startSide(name: 'old' | 'new'): Promise<Side> {
  const slow: (() => void)[] = []
  const server = createServer((request, response) => {
    response.setHeader('x-side', name)
    if (request.url === SLOW) slow.push(() => response.end('ok'))
    else response.end('ok')
  })
  server.keepAliveTimeout = 0 // a connection that is closed while it is reused would lose a request
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    held: () => slow.length,
    letOneGo() {
      const at = Date.now()
      slow.shift()?.()
      return at
    },
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
