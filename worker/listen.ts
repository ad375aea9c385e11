// Brings up a server of the worker at an address of its configuration, and says in words why it cannot.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Address } from './config.ts'
import { Refusal } from './refusal.ts'

export interface Listening {
  url: string
  /** Ends connections too: whoever is connected is not waited for. */
  close(): Promise<void>
}

/** Raises a Refusal, in the words of `refused`, when it cannot listen there. */
export async function listen(
  server: Server,
  address: Address,
  refused: (error: NodeJS.ErrnoException) => string,
): Promise<Listening> {
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.on('error', (error: NodeJS.ErrnoException) => reject(new Refusal(1, refused(error), error)))
  server.listen(address.port, address.host, resolve)
  await listening
  const { port } = server.address() as AddressInfo
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      const { promise, resolve: closed } = Promise.withResolvers<void>()
      server.close(() => closed())
      server.closeAllConnections()
      await promise
    },
  }
}
