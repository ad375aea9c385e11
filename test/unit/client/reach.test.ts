// Why a server cannot be reached, each reason from a real socket; and that the CLI says it.
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createHttp2Server } from 'node:http2'
import { afterEach, describe, expect, it } from 'vitest'
import { Problem } from '../../../client/problem.ts'
import { connect } from '../../../client/temporal.ts'
import { whyUnreachable } from '../../../client/temporal-reach.ts'

const started: { server: Server; sockets: Set<Socket> }[] = []
afterEach(async () => {
  for (const { server, sockets } of started.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function addressOf(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  started.push({ server, sockets })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function refusedAddress(): Promise<string> {
  const address = await addressOf(createServer())
  await new Promise((resolve) => started.pop()?.server.close(resolve))
  return address
}

/** A server that says these bytes to whoever says something, or hangs up. */
const saying = (bytes: number[] | 'nothing' | 'goodbye') =>
  createServer((socket) => {
    socket.on('error', () => {})
    if (bytes === 'goodbye') socket.end()
    else if (bytes !== 'nothing') socket.once('data', () => socket.end(Buffer.from(bytes)))
  })

const TLS_ALERT = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]
const http = () => createHttpServer((_request, response) => response.end('metrics'))

describe('why a server cannot be reached', () => {
  it.each([
    [
      'a name that does not resolve',
      () => 'nowhere.invalid:7233',
      { why: /^the name nowhere\.invalid does not resolve \(E/, isFinal: false },
    ],
    [
      'a port where nothing listens',
      refusedAddress,
      { why: /refused: nothing listens on port \d+ of 127\.0\.0\.1/, isFinal: false },
    ],
    ['a web server', () => addressOf(http()), { why: /speaks HTTP\/1, not gRPC/, isFinal: true }],
    [
      'a server that expects TLS',
      () => addressOf(saying(TLS_ALERT)),
      { why: /expects TLS, and none is configured/, isFinal: true },
    ],
    [
      'a server that hangs up',
      () => addressOf(saying('goodbye')),
      { why: /closes the connection at once/, isFinal: true },
    ],
    [
      'a server that says nothing',
      () => addressOf(saying('nothing')),
      { why: /then says nothing/, isFinal: false },
    ],
    [
      'another protocol',
      () => addressOf(saying([...Buffer.from('-ERR unknown command\r\n')])),
      { why: /does not speak gRPC/, isFinal: true },
    ],
    [
      'HTTP/2 without Temporal',
      () => addressOf(createHttp2Server()),
      { why: /speaks HTTP\/2/, isFinal: false },
    ],
    ['an address without a port', () => 'temporal', { why: /not written as host:port/, isFinal: true }],
  ] as [string, () => string | Promise<string>, { why: RegExp; isFinal: boolean }][])(
    'is told of %s',
    async (_name, place, wanted) => {
      const finding = await whyUnreachable(await place(), null)
      expect(finding).toEqual({ why: expect.stringMatching(wanted.why), isFinal: wanted.isFinal })
    },
  )

  it('is told of TLS that the server does not speak', async () => {
    const finding = await whyUnreachable(await addressOf(http()), {})
    expect(finding).toMatchObject({ why: expect.stringMatching(/^TLS is configured here/), isFinal: true })
  })
})

describe('a connection', () => {
  const failed = async (env: Record<string, string>, withinMs: number) => {
    const lines: string[] = []
    const began = Date.now()
    const problem: unknown = await connect(env, { withinMs, progress: (line) => lines.push(line) }).catch(
      (error: unknown) => error,
    )
    expect(problem).toBeInstanceOf(Problem)
    return { ...(problem as Problem), lines, tookMs: Date.now() - began }
  }

  it('is tried for as long as it may take, says meanwhile what it waits for, and names the reason', async () => {
    const address = await refusedAddress()
    const { what, why, todo, lines, tookMs } = await failed({ TEMPORAL_ADDRESS: address }, 3_000)
    expect(what).toBe(`no Temporal server answers at ${address}`)
    expect(why).toMatch(/refused: .* \(address from TEMPORAL_ADDRESS; tried for 3s\)$/)
    expect(lines).toEqual([expect.stringMatching(/^waiting for the Temporal server at .* more\): .*refused/)])
    expect(tookMs).toBeGreaterThan(2_000)
    expect(todo.join('\n')).not.toContain('cutover dev') // somebody chose that address: another server is no answer
  })

  it('is given up at once where waiting does not help', async () => {
    const { why, tookMs } = await failed({ TEMPORAL_ADDRESS: await addressOf(http()) }, 30_000)
    expect(why).toMatch(/HTTP\/1/)
    expect(tookMs).toBeLessThan(10_000)
  })
})
