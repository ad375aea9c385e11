// A question to a server that is up to something: only the answer to this question counts, and none is waited for too long.
import { type Socket, createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Server, createServer } from 'node:net'
import {
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  type Packet,
  TRUNCATED_RESPONSE,
  decode,
  encode,
} from 'dns-packet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Reply, ask, rrsetOf } from '../../../activities/dns/ask.ts'
import { freeDnsPort } from '../../../lab/ports.ts'

const io = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(4_000) }) // the deadline the engine gives one call
const RECORD = { name: 'api.example.com.', type: 'A' } as const

describe('a question', () => {
  let udp: Socket
  let tcp: Server
  let server: string
  let answers: (query: DecodedPacket) => Packet[]

  beforeEach(async () => {
    udp = createSocket('udp4')
    udp.on('message', (message, from) => {
      for (const packet of answers(decode(message))) udp.send(encode(packet), from.port, from.address)
    })
    const port = await freeDnsPort()
    udp.bind(port, '127.0.0.1')
    await once(udp, 'listening')
    tcp = createServer((socket) => {
      socket.once('data', (chunk) => {
        const [whole] = answers(decode(chunk.subarray(2)))
        const message = encode({ ...whole, flags: 0 })
        socket.write(Buffer.from([message.length >> 8, message.length & 0xff]))
        socket.end(message)
      })
    })
    tcp.listen(port, '127.0.0.1')
    await once(tcp, 'listening')
    server = `127.0.0.1:${port}`
  })

  afterEach(async () => {
    await Promise.all([new Promise<void>((done) => udp.close(done)), new Promise((done) => tcp.close(done))])
  })

  const asked = (): Promise<Reply> => ask({ server, ...RECORD, recursive: false }, io())

  it('takes the answer with its id and its question, whatever comes before', async () => {
    answers = (query) => [
      reply(query, { id: ((query.id ?? 0) + 1) & 0xffff, address: '192.0.2.66' }),
      { ...reply(query, { address: '192.0.2.66' }), questions: [{ type: 'A', name: 'other.example.com' }] },
      { ...reply(query, { address: '192.0.2.66' }), type: 'query' },
      reply(query, { address: '192.0.2.1' }),
    ]
    const answer = await asked()
    expect(answer).toMatchObject({ rcode: 'NOERROR', authoritative: true })
    expect(rrsetOf(answer, RECORD)).toEqual({ ttl: 60, values: ['192.0.2.1'] })
  })

  it('is asked again over TCP when the answer did not fit', async () => {
    answers = (query) => [{ ...reply(query, { address: '192.0.2.1' }), flags: TRUNCATED_RESPONSE }]
    expect(rrsetOf(await asked(), RECORD)).toEqual({ ttl: 60, values: ['192.0.2.1'] })
  })

  it('does not count records of other names: what an alias leads to is not what stands at the name', async () => {
    answers = (query) => [
      {
        ...reply(query, { address: '192.0.2.1' }),
        answers: [
          { type: 'CNAME', name: 'api.example.com', ttl: 60, data: 'edge.example.com' },
          { type: 'A', name: 'edge.example.com', ttl: 60, data: '192.0.2.1' },
        ],
      },
    ]
    expect(rrsetOf(await asked(), RECORD)).toEqual({ ttl: 0, values: [] })
  })

  it('is given up after a while, with forged answers or none', async () => {
    answers = (query) => [reply(query, { id: ((query.id ?? 0) + 1) & 0xffff, address: '192.0.2.66' })]
    await expect(asked()).rejects.toMatchObject({
      type: 'Unavailable',
      message: `${server} gave no answer to api.example.com. A within 1200 ms`,
    })
  })

  it('is not put to something that is no address', async () => {
    await expect(ask({ server: 'a b', ...RECORD, recursive: false }, io())).rejects.toMatchObject({
      type: 'Config',
      message: '"a b" is no server address: write host or host:port',
    })
  })
})

function reply(
  query: DecodedPacket,
  { id = query.id ?? 0, address }: { id?: number; address: string },
): Packet {
  return {
    type: 'response',
    id,
    flags: AUTHORITATIVE_ANSWER,
    questions: query.questions,
    answers: [{ type: 'A', name: 'api.example.com', ttl: 60, data: address }],
  }
}
