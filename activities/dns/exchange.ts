// One DNS message to a server and its answer back, over UDP or TCP. Knows lengths and sockets, not what messages mean.
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { connect, isIP } from 'node:net'
import type { Address } from './address.ts'

const LENGTH_BYTES = 2 // RFC 1035 4.2.2: over TCP every message is preceded by its length

/** Datagrams that `accept` answers with undefined are somebody else's and are dropped: a guessed reply must not end the wait. */
export async function overUdp<T>(
  server: Address,
  message: Buffer,
  { accept, signal }: { accept(reply: Buffer): T | undefined; signal: AbortSignal },
): Promise<T> {
  signal.throwIfAborted()
  const { address, family } = await resolveHost(server.host, signal)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    return await new Promise<T>((resolve, reject) => {
      onAbort(signal, reject)
      socket.on('error', reject)
      socket.on('message', (reply) => {
        const accepted = accept(reply)
        if (accepted !== undefined) resolve(accepted)
      })
      // Connected, so that the kernel drops other senders and reports a closed port.
      socket.connect(server.port, address, () => socket.send(message))
    })
  } finally {
    socket.close()
  }
}

export async function overTcp(server: Address, message: Buffer, signal: AbortSignal): Promise<Buffer> {
  signal.throwIfAborted()
  const socket = connect(server)
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      let received = Buffer.alloc(0)
      onAbort(signal, reject)
      socket.on('error', reject)
      socket.on('close', () => reject(new Error('the connection was closed before an answer came')))
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk])
        if (received.length < LENGTH_BYTES) return
        const end = LENGTH_BYTES + received.readUInt16BE(0)
        if (received.length >= end) resolve(received.subarray(LENGTH_BYTES, end))
      })
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt16BE(message.length)
      socket.write(Buffer.concat([length, message]))
    })
  } finally {
    socket.destroy()
  }
}

async function resolveHost(host: string, signal: AbortSignal): Promise<{ address: string; family: number }> {
  const family = isIP(host)
  if (family !== 0) return { address: host, family }
  return await Promise.race([lookup(host), new Promise<never>((_, reject) => onAbort(signal, reject))])
}

/** Every address of a host name, as the system's resolver knows them. */
export async function resolveAll(host: string, signal: AbortSignal): Promise<string[]> {
  const found = await Promise.race([
    lookup(host, { all: true }),
    new Promise<never>((_, reject) => onAbort(signal, reject)),
  ])
  return found.map(({ address }) => address)
}

function onAbort(signal: AbortSignal, reject: (reason: unknown) => void): void {
  if (signal.aborted) reject(signal.reason) // it may have fired while a host name was looked up
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
}
