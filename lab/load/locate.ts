// Where the next request goes. By name it believes an answer for as long as the resolver said, as a client should.
import { askDns } from '../dns.ts'
import type { LoadTarget } from './protocol.ts'

export type Place = { host: string; port: number; path: string; hostHeader: string }

export function createLocator(target: LoadTarget): () => Promise<Place> {
  if ('url' in target) {
    const { hostname: host, port, pathname: path } = new URL(target.url)
    const place = { host, port: Number(port), path, hostHeader: host }
    return async () => place
  }
  const { name, port, resolver, path = '/' } = target
  let known: { hosts: string[]; until: number } | undefined
  let asking: Promise<string[]> | undefined
  const ask = async (): Promise<string[]> => {
    const { records, rcode } = await askDns(resolver, name, 'A')
    const answers = records.filter((record) => record.type === 'A')
    if (answers.length === 0) throw new Error(`no address for ${name} (${rcode})`)
    const hosts = answers.map((record) => String(record.data))
    const ttl = Math.min(...answers.map((record) => record.ttl))
    known = { hosts, until: performance.now() + ttl * 1000 }
    return hosts
  }
  return async () => {
    let hosts = known && performance.now() < known.until ? known.hosts : undefined
    if (!hosts) {
      asking ??= ask().finally(() => (asking = undefined))
      hosts = await asking
    }
    const host = hosts[Math.floor(Math.random() * hosts.length)] as string
    return { host, port, path, hostHeader: name }
  }
}
