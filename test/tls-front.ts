// HAProxy that speaks TLS in front of a server that does not, and lets in only clients whose certificate it knows.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../lab/ports.ts'
import { type ServerHandle, startServer } from '../lab/server-process.ts'
import { requireServer } from '../scripts/find-servers.mjs'
import type { CertificateFiles } from './certificates.ts'

const NAME = 'haproxy-tls'

export interface TlsFront {
  /** `host:port` */
  address: string
  server: ServerHandle
  /** What it logged: each connection, how it ended, and what it had against the client. */
  log(): string
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
  let folderOfIt = ''
  const { chosen, server } = await startServer(NAME, freePort, (port, folder) => {
    folderOfIt = folder
    const both = join(folder, 'server.pem')
    writeFileSync(both, readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8'))
    const config = join(folder, 'haproxy.cfg')
    writeFileSync(
      config,
      `
defaults
  mode tcp
  log stdout format raw daemon
  option tcplog
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
  return {
    address: `127.0.0.1:${chosen}`,
    server,
    log: () => readFileSync(join(folderOfIt, `${NAME}.log`), 'utf8'),
  }
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
