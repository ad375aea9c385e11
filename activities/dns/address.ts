// Addresses of DNS servers as people write them: `host`, `host:port`, `[v6]:port`. Pure; no I/O.
import { isIPv6 } from 'node:net'
import { z } from 'zod'

const DNS_PORT = 53
const PORT_MAX = 65_535

export interface Address {
  host: string
  port: number
}

/** `10.0.0.53` -> port 53; null when it is no address. */
export function parseAddress(text: string): Address | null {
  if (isIPv6(text)) return { host: text, port: DNS_PORT }
  const parts = /^(?:\[([^\]]+)\]|([A-Za-z0-9_.-]+))(?::(\d{1,5}))?$/.exec(text)
  if (parts === null) return null
  const port = parts[3] === undefined ? DNS_PORT : Number(parts[3])
  if (port < 1 || port > PORT_MAX) return null
  if (parts[1] !== undefined) return isIPv6(parts[1]) ? { host: parts[1], port } : null
  return { host: parts[2] as string, port }
}

/** The other way: the port is written only where it is not 53. */
export function formatAddress({ host, port }: Address): string {
  if (port === DNS_PORT) return host
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export const ServerAddress = z
  .string()
  .refine(
    (text) => parseAddress(text) !== null,
    'not a server address: write host or host:port, such as 10.0.0.53 or 10.0.0.53:5353',
  )
  .meta({
    description: 'A DNS server: host or host:port',
    examples: ['10.0.0.53', 'ns1.example.com', '10.0.0.53:5353'],
  })
