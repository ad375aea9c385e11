// A TCP forwarder before the address that a provider asks, such as a service address in front of two machines. It can be led to
// another server than the one that is changed: a reader that is frozen, as far as the provider can see.
import { once } from 'node:events'
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { until } from '../../../lab/until.ts'

export interface Switch {
  url: string
  /** From now on it leads to another server of the same kind, which is never told of a change. */
  toAnother(): Promise<{ end(): Promise<void> }>
  end(): void
}

export async function startSwitch(
  url: string,
  startAnother: () => Promise<{ url: string; end(): Promise<void> }>,
): Promise<Switch> {
  const own = Number(new URL(url).port)
  let port = own
  const sockets = new Set<Socket>()
  const server = createServer((from) => {
    const to = connect(port, '127.0.0.1')
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => [from, to].forEach((each) => each.destroy()))
      socket.on('close', () => sockets.delete(socket))
    }
    from.pipe(to)
    to.pipe(from)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const before = url.replace(`:${own}`, `:${(server.address() as AddressInfo).port}`)
  /** Kept-alive connections would go on leading to where they led; whoever asks has let go of them when this resolves. */
  const lead = async (to: number): Promise<void> => {
    port = to
    for (const socket of sockets) socket.destroy()
    await until('the switch leads there', async () => (await fetch(before)).status > 0)
  }
  return {
    url: before,
    async toAnother() {
      const other = await startAnother()
      await lead(Number(new URL(other.url).port))
      return {
        end: async () => {
          await lead(own)
          await other.end()
        },
      }
    },
    end() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
