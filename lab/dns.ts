// One DNS question over UDP, as a client asks it: for readiness, for the load generator and for tests that look at
// the world. No retries and no cache of its own.
import { createSocket } from 'node:dgram'
import packet from 'dns-packet'

const TIMEOUT_MS = 1_000 // loopback answers in a millisecond
const MESSAGE_ID_MAX = 0xffff

export type DnsRecord = { name: string; type: string; ttl: number; data: unknown }
export type DnsAnswer = { rcode: string; isAuthoritative: boolean; records: DnsRecord[] }

export function askDns(
  server: { host: string; port: number },
  name: string,
  type: packet.RecordType,
): Promise<DnsAnswer> {
  const socket = createSocket('udp4')
  const id = Math.floor(Math.random() * MESSAGE_ID_MAX)
  const question = packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
  })
  return new Promise<DnsAnswer>((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer)
      socket.close()
      act()
    }
    const fail = (reason: Error): void => settle(() => reject(reason))
    const timer = setTimeout(
      () => fail(new Error(`no answer from ${server.host}:${server.port}`)),
      TIMEOUT_MS,
    )
    socket.once('error', fail)
    socket.on('message', (message) => {
      const answer = packet.decode(message) as packet.DecodedPacket & { rcode: string }
      if (answer.id !== id) return
      const records = (answer.answers ?? []).filter((each) => 'ttl' in each) as DnsRecord[]
      settle(() => resolve({ rcode: answer.rcode, isAuthoritative: answer.flag_aa, records }))
    })
    // Connected, so that a port where nobody listens is known at once.
    socket.connect(server.port, server.host, () => socket.send(question))
  })
}
