// A liar on loopback: answers questions like the primary, and every UPDATE with NOERROR that no key of ours has signed.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Socket, createServer } from 'node:net'
import { AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet'
import { sign } from '../../../activities/dns/tsig.ts'
import { freeDnsPort } from '../../../lab/ports.ts'

export type Manner = 'unsigned' | 'signed by another key' | 'replayed' | 'nothing'

export interface Forger {
  address: string
  answer(manner: Manner): void
  /** How many UPDATEs it has taken. */
  updates(): number
  end(): Promise<void>
}

const HEADER_BYTES = 12
const OPCODE = 0x7800
const NOERROR_TO_UPDATE = 0xa800 // QR, opcode UPDATE, rcode 0

export async function startForger(record: { name: string; address: string; ttl: number }): Promise<Forger> {
  const port = await freeDnsPort()
  const open = new Set<Socket>()
  let manner: Manner = 'unsigned'
  let taken = 0

  const udp = createSocket('udp4')
  udp.on('message', (message, from) => udp.send(answerTo(message, record), from.port, from.address))
  const tcp = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => socket.destroy()) // the client may leave at any time
    socket.once('data', (chunk) => {
      const request = chunk.subarray(2)
      const isUpdate = (request.readUInt16BE(2) & OPCODE) !== 0
      if (isUpdate) taken += 1
      if (isUpdate && manner === 'nothing') return socket.destroy()
      const reply = isUpdate && manner !== 'nothing' ? forged(request, manner) : answerTo(request, record)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(reply.length)
      return socket.write(Buffer.concat([length, reply]))
    })
  })
  udp.bind(port, '127.0.0.1')
  tcp.listen(port, '127.0.0.1')
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  return {
    address: `127.0.0.1:${port}`,
    answer: (next) => void (manner = next),
    updates: () => taken,
    async end() {
      for (const socket of open) socket.destroy()
      await Promise.all([
        new Promise<void>((done) => udp.close(done)),
        new Promise<void>((done) => tcp.close(() => done())),
      ])
    },
  }
}

function answerTo(
  message: Buffer,
  { name, address, ttl }: { name: string; address: string; ttl: number },
): Buffer {
  const query = decode(message)
  return encode({
    type: 'response',
    id: query.id,
    flags: AUTHORITATIVE_ANSWER,
    questions: query.questions,
    answers: [{ type: 'A', name, ttl, data: address }],
  })
}

function forged(request: Buffer, manner: Exclude<Manner, 'nothing'>): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES)
  request.copy(reply, 0, 0, 2)
  reply.writeUInt16BE(NOERROR_TO_UPDATE, 2)
  if (manner === 'unsigned') return reply
  if (manner === 'replayed') {
    // The request itself sent back as a reply: its signature is genuine, but not for an answer to this request.
    const echo = Buffer.from(request)
    echo.writeUInt16BE(NOERROR_TO_UPDATE, 2)
    return echo
  }
  const key = { name: 'cutover-key.', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 9) } as const
  return sign(reply, key, Math.floor(Date.now() / 1_000)).message
}
