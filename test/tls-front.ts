// HAProxy that speaks TLS in front of a server that does not, and lets in only clients whose certificate it knows.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../lab/ports.ts'
import { type ServerHandle, startServer } from '../lab/server-process.ts'
import { requireServer } from '../scripts/find-servers.mjs'
import type { CertificateFiles } from './certificates.ts'

export interface TlsFront {
  /** `host:port` */
  address: string
  server: ServerHandle
}

export interface Behind {
  certificate: CertificateFiles
  /** File of the authorities whose clients are let in. */
  ca: string
  /** `host:port` of what is behind it. */
  to: string
  /** What is spoken inside. */
  alpn: 'h2' | 'http/1.1'
}

export async function startTlsFront({ certificate, ca, to, alpn }: Behind): Promise<TlsFront> {
  const { chosen, server } = await startServer('haproxy-tls', freePort, (port, folder) => {
    const both = join(folder, 'server.pem')
    writeFileSync(both, readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8'))
    const config = join(folder, 'haproxy.cfg')
    writeFileSync(
      config,
      `
defaults
  mode tcp
  timeout connect 2s
  timeout client 1h
  timeout server 1h
frontend tls
  bind 127.0.0.1:${port} ssl crt ${both} alpn ${alpn} ca-file ${ca} verify required
  default_backend behind
backend behind
  server one ${to}
`,
    )
    return {
      command: requireServer('haproxy'),
      args: ['-db', '-f', config],
      isReady: () => isListening(port),
    }
  })
  return { address: `127.0.0.1:${chosen}`, server }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  const is = await promise
  socket.destroy()
  return is
}
