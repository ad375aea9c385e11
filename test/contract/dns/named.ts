// A BIND with a configuration of a test's own: views, secondaries, records that the lab's zone does not have.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { askDns } from '../../../lab/dns.ts'
import { freeDnsPort } from '../../../lab/ports.ts'
import { type ServerHandle, startServer } from '../../../lab/server-process.ts'
import { requireServer } from '../../../scripts/find-servers.mjs'

export interface Named {
  server: ServerHandle
  dns: { host: string; port: number }
  address: string
}

export const secretOf = (): string => randomBytes(32).toString('base64')

/** `files`: zone files by name. `zones`: what follows the options; `ready`: a zone that is served once it is up. */
export async function startNamed(given: {
  ready: string
  files: Record<string, string>
  zones: string
  options?: string
}): Promise<Named> {
  const command = requireServer('named')
  const { chosen: port, server } = await startServer('bind-of-a-test', freeDnsPort, (at, folder) => {
    for (const [name, text] of Object.entries(given.files)) writeFileSync(join(folder, name), text)
    writeFileSync(
      join(folder, 'named.conf'),
      `options {
  directory "${folder}"; pid-file "${folder}/named.pid"; session-keyfile "${folder}/session.key";
  listen-on port ${at} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; ${given.options ?? 'notify no;'}
};
controls { };
${given.zones}
`,
      { mode: 0o600 },
    )
    return {
      command,
      args: ['-f', '-n', '1', '-c', join(folder, 'named.conf')],
      isReady: async () =>
        (await askDns({ host: '127.0.0.1', port: at }, given.ready, 'SOA')).isAuthoritative,
    }
  })
  return { server, dns: { host: '127.0.0.1', port }, address: `127.0.0.1:${port}` }
}

export function zoneText(zone: string, records: string[]): string {
  const head = [
    `${zone} 3600 IN SOA ns1.${zone} admin.${zone} 1 3600 600 86400 5`,
    `${zone} 3600 IN NS ns1.${zone}`,
  ]
  return [...head, `ns1.${zone} 3600 IN A 127.0.0.1`, ...records, ''].join('\n')
}
