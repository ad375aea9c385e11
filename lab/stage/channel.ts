// The channel that people would read: a webhook receiver on loopback that keeps what it was told, each notice once.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export type Notice = { key: string; title: string; text: string; level: string }

export type Channel = { url: string; told: Notice[]; close(): Promise<void> }

export async function openChannel(hear: (notice: Notice) => void = () => {}): Promise<Channel> {
  const told: Notice[] = []
  const server = createServer((request, response) => {
    const take = async () => {
      const notice = (await json(request)) as Notice
      if (!told.some(({ key }) => key === notice.key)) {
        told.push(notice)
        hear(notice)
      }
      response.writeHead(204).end()
    }
    take().catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/channel`,
    told,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
