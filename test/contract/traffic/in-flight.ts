// Whoever counts what a side has in flight counts all of it: slow requests and WebSockets, also when users have left, and nothing
// of the other side. What cannot be counted is never nothing. The suite of every provider that says it can.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, type Socket, connect as dial } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { until } from '../../../lab/until.ts'
import type { TrafficPort } from '../../../workflows/ports/traffic.ts'
import { io } from '../changing.ts'

export interface InFlightBench {
  port: TrafficPort
  url: string
  /** The same with a side that is not there. */
  wrong: TrafficPort
  /** Where the count goes on over the processes that a reload sends away. */
  reload?(): Promise<void>
  outage(): Promise<{ end(): Promise<void> }>
  end(): Promise<void>
}

/** Keeps what it is asked until it is let go; takes WebSockets. */
export async function startSlowUpstream() {
  const held: (() => void)[] = []
  const tunnels: Socket[] = []
  const server = createServer((request, response) => {
    const answer = () => void response.end('ok')
    if (request.url === '/slow') held.push(answer)
    else answer()
  })
  server.on('upgrade', (_, socket: Socket) => {
    tunnels.push(socket)
    socket.on('error', () => {})
    const accept = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=' // of the key below (RFC 6455, 1.3)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${accept}\r\n\r\n`,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    letGo: () => {
      for (const answer of held.splice(0)) answer()
      for (const tunnel of tunnels.splice(0)) tunnel.destroy()
    },
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type SlowUpstream = Awaited<ReturnType<typeof startSlowUpstream>>

async function openTunnel(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = dial(Number(port), hostname)
  socket.on('error', () => {})
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\n${key}`
  socket.write(`GET /ws HTTP/1.1\r\nHost: orders\r\n${upgrade}\r\n`)
  const [first] = (await once(socket, 'data')) as [Buffer]
  expect(first.toString()).toMatch(/^HTTP\/1.1 101/)
  return socket
}

export function inFlightContract(
  name: string,
  open: (upstreams: { old: SlowUpstream; new: SlowUpstream }) => Promise<InFlightBench>,
): void {
  describe(`${name}: in flight`, () => {
    let old: SlowUpstream
    let fresh: SlowUpstream
    let bench: InFlightBench
    const count = async (side: 'old' | 'new') => (await bench.port.inFlight!(side, io())).count
    const shift = async (desired: { old: number; new: number }) => {
      const seen = await bench.port.observe('split', io())
      await bench.port.write({ target: 'split', desired, seen }, io())
    }

    beforeAll(async () => {
      ;[old, fresh] = await Promise.all([startSlowUpstream(), startSlowUpstream()])
      bench = await open({ old, new: fresh })
    })
    afterAll(async () => {
      await bench?.end()
      await Promise.all([old.end(), fresh.end()])
    })

    it('counts slow requests and a WebSocket of a side until they end, also after users were led away', async () => {
      await shift({ old: 100, new: 0 })
      expect(await count('old')).toBe(0)
      const slow = [1, 2, 3].map(() => fetch(`${bench.url}/slow`).then((response) => response.text()))
      const tunnel = await openTunnel(bench.url)
      await until('all are counted', async () => (await count('old')) === 4)
      await shift({ old: 0, new: 100 })
      expect(await count('old')).toBe(4)
      await bench.reload?.()
      expect(await count('old')).toBe(4)
      expect(await count('new')).toBe(0)
      old.letGo()
      expect(await Promise.all(slow)).toEqual(['ok', 'ok', 'ok'])
      tunnel.destroy()
      await until('nothing is left', async () => (await count('old')) === 0)
      await shift({ old: 100, new: 0 })
    })

    it('a connection that is kept alive without a request is not in flight', async () => {
      await fetch(`${bench.url}/`).then((response) => response.text())
      await until('nothing is left', async () => (await count('old')) === 0)
    })

    it('a side that is not there, and an edge that does not answer, are not empty', async () => {
      const missing = await bench.wrong.inFlight!('old', io()).catch(kindOf)
      expect(missing).toBe('Missing')
      const outage = await bench.outage()
      const silent = await bench.port.inFlight!('old', { signal: AbortSignal.timeout(500) }).catch(
        (error: unknown) => error,
      )
      await outage.end()
      expect(silent).toBeInstanceOf(Error)
    })
  })
}
