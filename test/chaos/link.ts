// A connection that can be made bad: a TCP (and for DNS also UDP) proxy on loopback between worker and one server.
// It changes when bytes arrive, and whether; never what they say.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Socket, connect, createServer } from 'node:net'
import { freeDnsPort } from '../../lab/ports.ts'

const LOOPBACK = '127.0.0.1'
const UDP_ANSWER_MS = 5_000 // an answer that takes longer is of use to nobody

export type Toxic =
  /** Refused, and what is open is reset. */
  | { kind: 'cut' }
  /** Every piece takes so long, there and back. */
  | { kind: 'slow'; ms: number }
  /** What is said arrives, its answer does not: a write lands and nobody knows. */
  | { kind: 'mute' }
  /** What is said arrives so late, also when whoever said it has given up. */
  | { kind: 'late'; ms: number }

export type Link = {
  port: number
  /** Null heals. */
  set(toxic: Toxic | null): void
  close(): Promise<void>
}

type Target = { host: string; port: number }

export async function openLink(target: Target, { udp = false } = {}): Promise<Link> {
  const port = await freeDnsPort()
  const state: { toxic: Toxic | null } = { toxic: null }
  const open = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (state.toxic?.kind === 'cut') return void near.resetAndDestroy()
    const far = connect({ ...target, allowHalfOpen: true })
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      socket.on('error', () => socket.destroy()) // whoever is at the other side is told by the end of its own socket
    }
    pass(near, far, () => delayThere(state.toxic))
    pass(far, near, () => delayBack(state.toxic))
    // What is on its way late arrives although its sender has gone: the far side is ended by `pass`, not cut off.
    near.on('close', () => void (state.toxic?.kind === 'late' || far.destroy()))
    far.on('close', () => near.destroy())
  })
  server.listen(port, LOOPBACK)
  await once(server, 'listening')
  const datagrams = udp ? await relayDatagrams(port, target, state) : null
  return {
    port,
    set(toxic) {
      state.toxic = toxic
      if (toxic?.kind === 'cut') for (const socket of open) socket.resetAndDestroy()
    },
    async close() {
      datagrams?.close()
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Pieces in order, each after its delay; null drops it. The end comes behind the last piece. */
function pass(from: Socket, to: Socket, delay: () => number | null): void {
  let last = Promise.resolve()
  const later = (act: () => void): void => {
    const ms = delay()
    if (ms === null) return
    const due = ms === 0 ? Promise.resolve() : wait(ms)
    last = Promise.all([last, due]).then(() => {
      if (!to.destroyed) act()
    })
  }
  from.on('data', (piece) => later(() => to.write(piece)))
  from.on('end', () => later(() => to.end()))
}

async function relayDatagrams(port: number, target: Target, state: { toxic: Toxic | null }) {
  const near = createSocket('udp4')
  near.on('message', (question, asker) => {
    const { toxic } = state
    const there = delayThere(toxic)
    if (toxic?.kind === 'cut' || there === null) return
    const far = createSocket('udp4')
    const timer = setTimeout(() => far.close(), UDP_ANSWER_MS + there)
    far.on('error', () => {}) // nobody listens there: the asker hears nothing, as on a network
    far.on('message', (answer) => {
      clearTimeout(timer)
      far.close()
      const back = delayBack(state.toxic)
      if (back !== null) void wait(back).then(() => near.send(answer, asker.port, asker.address))
    })
    void wait(there).then(() => far.send(question, target.port, target.host))
  })
  near.bind(port, LOOPBACK)
  await once(near, 'listening')
  return near
}

function delayThere(toxic: Toxic | null): number | null {
  return toxic?.kind === 'slow' || toxic?.kind === 'late' ? toxic.ms : 0
}

function delayBack(toxic: Toxic | null): number | null {
  if (toxic?.kind === 'mute') return null
  return toxic?.kind === 'slow' ? toxic.ms : 0
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
