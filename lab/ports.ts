// Ports for the lab's servers, each free when it is given out and given out once per process. They lie below the range
// from which systems take the ports of outgoing connections: there, a stranger's connection could take one that was
// found free before its server has bound it, or while its server is stopped.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const FIRST = 20_000
const LAST = 32_767 // outgoing connections begin at 32,768 on Linux and at 49,152 on macOS
const COUNT = LAST - FIRST + 1
const LOOPBACK = '127.0.0.1'

/** Labs of several processes go through the range from different places. */
let given = Math.floor(Math.random() * COUNT)

/** A free TCP port. */
export function freePort(): Promise<number> {
  return find((port) => isFreeForTcp(port, LOOPBACK))
}

/** Distinct TCP ports, each free on every one of the hosts. */
export async function freePorts(count: number, hosts = [LOOPBACK]): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) ports.push(await find((port) => areAllFree(port, hosts)))
  return ports
}

/** A port free for TCP and UDP alike, as a DNS server needs. */
export function freeDnsPort(): Promise<number> {
  return find(async (port) => (await isFreeForTcp(port, LOOPBACK)) && (await isFreeForUdp(port)))
}

async function find(isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (let looked = 0; looked < COUNT; looked++) {
    const port = FIRST + (given++ % COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`no port from ${FIRST} to ${LAST} is free`)
}

async function areAllFree(port: number, hosts: string[]): Promise<boolean> {
  for (const host of hosts) if (!(await isFreeForTcp(port, host))) return false
  return true
}

async function isFreeForTcp(port: number, host: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EADDRINUSE') return false
    throw new Error(`cannot listen on ${host} (macOS: sudo ifconfig lo0 alias ${host})`, { cause: error })
  }
  server.close()
  await once(server, 'close')
  return true
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port, LOOPBACK)
    await once(socket, 'listening')
    return true
  } catch {
    return false // taken: another is looked for
  } finally {
    socket.close()
  }
}
