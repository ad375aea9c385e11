// PowerDNS as the authoritative server for the lab's zone, changed through its HTTP API.
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { requireServer } from '../../scripts/find-servers.mjs'
import { askDns } from '../dns.ts'
import { freeDnsPort, freePort } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'
import { ZONE, zoneRecords } from './zone.ts'

const schema = new URL('powerdns.sql', import.meta.url)
const API_KEY_BYTES = 16 // as long as nobody guesses it within a lab's life

type Ports = { dns: number; api: number }

export type Powerdns = {
  server: ServerHandle
  dns: { host: string; port: number }
  /** Base URL of the API: `<apiUrl>/api/v1/servers/localhost/zones/<zone>`. */
  apiUrl: string
  apiKey: string
  zone: string
}

export async function startPowerdns(options: {
  apiTtlSeconds: number
  apiAddress: string
}): Promise<Powerdns> {
  const command = requireServer('pdns_server')
  const apiKey = randomBytes(API_KEY_BYTES).toString('hex')
  const { chosen, server } = await startServer<Ports>(
    'powerdns',
    async () => ({ dns: await freeDnsPort(), api: await freePort() }),
    (ports, folder) => {
      createDatabase(join(folder, 'p.db'))
      writeFileSync(join(folder, 'pdns.conf'), configuration({ ports, folder, apiKey }), { mode: 0o600 })
      const dns = { host: '127.0.0.1', port: ports.dns }
      return {
        command,
        args: [`--config-dir=${folder}`],
        isReady: async () => {
          if (!(await hasZone(ports.api, apiKey))) await createZone({ api: ports.api, apiKey, ...options })
          return (await askDns(dns, ZONE, 'SOA')).isAuthoritative
        },
      }
    },
  )
  return {
    server,
    dns: { host: '127.0.0.1', port: chosen.dns },
    apiUrl: `http://127.0.0.1:${chosen.api}`,
    apiKey,
    zone: ZONE,
  }
}

function createDatabase(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(readFileSync(schema, 'utf8'))
  database.close()
}

async function hasZone(api: number, apiKey: string): Promise<boolean> {
  const url = `http://127.0.0.1:${api}/api/v1/servers/localhost/zones/${ZONE}`
  return (await fetch(url, { headers: { 'x-api-key': apiKey } })).ok
}

async function createZone(given: {
  api: number
  apiKey: string
  apiTtlSeconds: number
  apiAddress: string
}): Promise<void> {
  const rrsets = zoneRecords(given)
    .filter(({ type }) => type !== 'NS') // given as `nameservers`
    .map(({ name, type, ttl, values }) => ({
      name,
      type,
      ttl,
      records: values.map((content) => ({ content, disabled: false })),
    }))
  const response = await fetch(`http://127.0.0.1:${given.api}/api/v1/servers/localhost/zones`, {
    method: 'POST',
    headers: { 'x-api-key': given.apiKey },
    body: JSON.stringify({ name: ZONE, kind: 'Native', nameservers: [`ns1.${ZONE}`], rrsets }),
  })
  if (!response.ok) throw new Error(`creating ${ZONE}: ${response.status} ${await response.text()}`)
}

function configuration(given: { ports: Ports; folder: string; apiKey: string }): string {
  const { ports, folder, apiKey } = given
  return `launch=gsqlite3
gsqlite3-database=${folder}/p.db
gsqlite3-pragma-synchronous=0
local-address=127.0.0.1
local-port=${ports.dns}
api=yes
api-key=${apiKey}
webserver=yes
webserver-address=127.0.0.1
webserver-port=${ports.api}
socket-dir=${folder}
enable-lua-records=yes
guardian=no
daemon=no
distributor-threads=1
receiver-threads=1
security-poll-suffix=
`
}
