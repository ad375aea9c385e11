// What the lab's zone holds at the start, the same on every authoritative server.
export const ZONE = 'example.test.'

export type ZoneRecord = {
  name: string
  type: 'A' | 'MX' | 'TXT' | 'CNAME' | 'NS'
  ttl: number
  values: string[]
}

/** `api` is the record that a cutover moves; the others are neighbours to leave alone. */
export function zoneRecords(options: { apiTtlSeconds: number; apiAddress: string }): ZoneRecord[] {
  return [
    { name: ZONE, type: 'NS', ttl: 3600, values: [`ns1.${ZONE}`] },
    { name: ZONE, type: 'MX', ttl: 300, values: [`10 mail.${ZONE}`] },
    { name: `ns1.${ZONE}`, type: 'A', ttl: 3600, values: ['127.0.0.1'] },
    { name: `api.${ZONE}`, type: 'A', ttl: options.apiTtlSeconds, values: [options.apiAddress] },
    { name: `api.${ZONE}`, type: 'TXT', ttl: 300, values: ['"owner=orders"'] },
    { name: `www.${ZONE}`, type: 'A', ttl: 300, values: ['127.0.0.2', '127.0.0.3'] },
    { name: `mail.${ZONE}`, type: 'A', ttl: 300, values: ['127.0.0.4'] },
    { name: `shop.${ZONE}`, type: 'CNAME', ttl: 300, values: [`www.${ZONE}`] },
  ]
}
