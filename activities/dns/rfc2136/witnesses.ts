// Who can prove a change: the authoritative servers of a zone, as the zone itself names them to the key.
import type { Io } from '../../../workflows/ports/target.ts'
import { isTold } from '../../http.ts'
import { formatAddress, parseAddress } from '../address.ts'
import { type Question, type Reply, type Signing, ask, askSigned } from '../ask.ts'
import type { NameServer } from '../confirm.ts'

/** The zone's NS with their addresses, found through `server`; `server` itself when it names none or is silent. */
export async function authoritativeServers(
  { server, zone }: { server: string; zone: string },
  { signing, io }: { signing: Signing; io: Io },
): Promise<NameServer[]> {
  const signed = async (question: Question): Promise<Reply> => {
    const { reply, signature } = await askSigned(question, signing, io)
    return signature.trouble === null && reply.rcode !== 'NOTAUTH' ? reply : await ask(question, io)
  }
  const asked = async (question: Question): Promise<Reply | null> =>
    await signed(question).catch((error: unknown) => {
      if (isTold(io.signal)) throw error
      return null // its silence becomes a line when it is asked for the record
    })
  const reply = await asked({ server, name: zone, type: 'NS', recursive: false })
  const names = (reply?.answers ?? []).filter((record) => record.type === 'NS').map((record) => record.data)
  if (names.length === 0) return [{ name: server, addresses: [server] }]
  return await Promise.all(
    [...new Set(names)].map(async (name) => {
      const replies = await Promise.all(
        // Not authoritative for this name, or silent: the other family, or the system's resolver, is used instead.
        (['A', 'AAAA'] as const).map((type) => asked({ server, name, type, recursive: true })),
      )
      const hosts = replies.flatMap((each) =>
        (each?.answers ?? [])
          .filter(({ type }) => type === 'A' || type === 'AAAA')
          .map((record) => record.data),
      )
      return { name: name.slice(0, -1), addresses: hosts.map((host) => at(host, server)) }
    }),
  )
}

/** The server that takes the updates may listen on a port of its own, which NS records cannot say. */
function at(host: string, server: string): string {
  return parseAddress(server)?.host === host ? server : formatAddress({ host, port: 53 })
}
