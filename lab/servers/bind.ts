// BIND as the authoritative server for the lab's zone, changed by RFC 2136 updates signed with a key of its own.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireServer } from '../../scripts/find-servers.mjs'
import { askDns } from '../dns.ts'
import { freeDnsPort } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { ZONE, zoneRecords } from './zone.ts'
import type { ZoneRecord } from './zone.ts'

const KEY_NAME = 'cutover-key.'
const KEY_BYTES = 32 // the digest length of hmac-sha256

export type TsigKey = { name: string; algorithm: 'hmac-sha256' | 'hmac-sha512'; secret: string }

export type Bind = {
  server: ServerHandle
  dns: { host: string; port: number }
  zone: string
  /** May change A, AAAA, TXT and CNAME anywhere in the zone, and transfer it. */
  key: TsigKey
}

export async function startBind(options: {
  apiTtlSeconds: number
  apiAddress: string
  algorithm?: TsigKey['algorithm']
}): Promise<Bind> {
  const command = requireServer('named')
  const secret = randomBytes(KEY_BYTES).toString('base64')
  const key: TsigKey = { name: KEY_NAME, algorithm: options.algorithm ?? 'hmac-sha256', secret }
  const { chosen, server } = await startServer('bind', freeDnsPort, (port, folder) => {
    writeFileSync(join(folder, 'zone.db'), zoneFile(zoneRecords(options)))
    writeFileSync(join(folder, 'named.conf'), configuration({ folder, port, key }), { mode: 0o600 })
    return {
      command,
      args: ['-f', '-n', '1', '-c', join(folder, 'named.conf')],
      isReady: async () => (await askDns({ host: '127.0.0.1', port }, ZONE, 'SOA')).isAuthoritative,
    }
  })
  return { server, dns: { host: '127.0.0.1', port: chosen }, zone: ZONE, key }
}

function zoneFile(records: ZoneRecord[]): string {
  const soa = `${ZONE} 3600 IN SOA ns1.${ZONE} admin.${ZONE} 1 3600 600 86400 5`
  const lines = records.flatMap(({ name, ttl, type, values }) =>
    values.map((value) => `${name} ${ttl} IN ${type} ${value}`),
  )
  return [soa, ...lines, ''].join('\n')
}

function configuration(given: { folder: string; port: number; key: TsigKey }): string {
  const { folder, port, key } = given
  return `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };
options {
  directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; notify no; dnssec-validation no; allow-transfer { key "${key.name}"; };
};
controls { };
zone "${ZONE}" {
  type primary; file "zone.db";
  update-policy { grant ${key.name} zonesub A AAAA TXT CNAME; };
};
`
}
