// Ports that are free at the moment of asking, chosen by the system. Whoever gets one binds it at once: between
// answer and use another process may take it, which is why starting a server is tried again with new ports.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const PAIR_ATTEMPTS_MAX = 20 // a port free for TCP is almost always free for UDP too

/** A free TCP port on `host`. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const [port] = await freePorts(1, [host])
  return port as number
}

/** Distinct TCP ports, each free on every one of the hosts. */
export async function freePorts(count: number, hosts: string[] = ['127.0.0.1']): Promise<number[]> {
  const held: { port: number; release: () => Promise<void> }[] = []
  try {
    while (held.length < count) held.push(await holdPort(hosts))
    return held.map((each) => each.port)
  } finally {
    await Promise.all(held.map((each) => each.release()))
  }
}

/** A port free for TCP and UDP alike, as a DNS server needs. */
export async function freeDnsPort(): Promise<number> {
  for (let attempt = 0; attempt < PAIR_ATTEMPTS_MAX; attempt++) {
    const port = await freePort()
    if (await isFreeForUdp(port)) return port
  }
  throw new Error(`no port free for both TCP and UDP after ${PAIR_ATTEMPTS_MAX} attempts`)
}

async function holdPort(hosts: string[]): Promise<{ port: number; release: () => Promise<void> }> {
  const [first = '127.0.0.1', ...others] = hosts
  const servers = [await listen(0, first)]
  const port = servers[0]?.port as number
  try {
    for (const host of others) servers.push(await listen(port, host))
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()))
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') return holdPort(hosts)
    throw new Error(`cannot listen on ${hosts.join(', ')} (macOS: sudo ifconfig lo0 alias ADDRESS)`, {
      cause: error,
    })
  }
  return { port, release: async () => void (await Promise.all(servers.map((server) => server.close()))) }
}

async function listen(port: number, host: string): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer()
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port')
  return {
    port: address.port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(port, '127.0.0.1', resolve)
    })
    return true
  } catch {
    return false // taken: the caller tries another
  } finally {
    socket.close()
  }
}
