// Who can prove a change: the authoritative servers of a zone, as the zone itself names them.
import type { Io } from '../../../workflows/ports/target.ts'
import { isTold } from '../../http.ts'
import { formatAddress, parseAddress } from '../address.ts'
import { ask } from '../ask.ts'

/** Addresses of the zone's NS, found through `server`; `server` itself when it names none or is silent. */
export async function authoritativeServers(
  { server, zone }: { server: string; zone: string },
  io: Io,
): Promise<string[]> {
  const reply = await ask({ server, name: zone, type: 'NS', recursive: false }, io).catch(
    (error: unknown) => {
      if (isTold(io.signal)) throw error
      return null // its silence becomes a line when it is asked for the record
    },
  )
  const names = (reply?.answers ?? []).filter((record) => record.type === 'NS').map((record) => record.data)
  const found = await Promise.all(names.map((name) => addressesOf(name, server, io)))
  const all = [...new Set(found.flat())]
  return all.length === 0 ? [server] : all
}

/** A name that the server cannot resolve stays a name: the system's resolver is asked, and its failure becomes a line. */
async function addressesOf(name: string, server: string, io: Io): Promise<string[]> {
  const own = parseAddress(server)
  const replies = await Promise.all(
    (['A', 'AAAA'] as const).map((type) =>
      // Not authoritative for this name, or silent: the other family, or the name itself, is used instead.
      ask({ server, name, type, recursive: true }, io).catch(() => null),
    ),
  )
  const hosts = replies.flatMap((reply) =>
    (reply?.answers ?? []).filter(({ type }) => type === 'A' || type === 'AAAA').map((record) => record.data),
  )
  if (hosts.length === 0) return [name.slice(0, -1)]
  // The server that takes the updates may listen on a port of its own, which NS records cannot say.
  return hosts.map((host) => (own !== null && own.host === host ? server : formatAddress({ host, port: 53 })))
}
