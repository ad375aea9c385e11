// Toxiproxy: a TCP proxy before a server that spoils what goes through it on purpose: slow, cut, mute, reset, or answers that are
// lost. Its own API says how. https://github.com/Shopify/toxiproxy ; verified 2026-11-27 on 2.12.0.
import { requireServer } from '../../scripts/find-servers.mjs'
import { freePort } from '../ports.ts'
import { startServer } from '../server-process.ts'
import type { ServerHandle } from '../server-process.ts'

export type Toxic =
  /** Answers come so much later. */
  | { type: 'latency'; milliseconds: number }
  /** Requests go nowhere, and nobody says so. */
  | { type: 'blackhole' }
  /** Connections are reset as soon as something is sent. */
  | { type: 'reset' }
  /** Requests arrive; of the answers nothing does, and the connection is closed. */
  | { type: 'lost answer' }
  /** Nobody listens. */
  | { type: 'down' }

export type Toxiproxy = {
  server: ServerHandle
  /** A proxy before an address; healthy at first. */
  before(name: string, to: { host: string; port: number }, listen?: number): Promise<Spoiled>
}

export type Spoiled = {
  host: string
  port: number
  /** Until `heal`. Connections that are open feel it too. */
  spoil(toxic: Toxic): Promise<void>
  heal(): Promise<void>
}

export async function startToxiproxy(): Promise<Toxiproxy> {
  const command = requireServer('toxiproxy-server')
  const { chosen: port, server } = await startServer<number>('toxiproxy', freePort, (api) => ({
    command,
    args: ['-host', '127.0.0.1', '-port', String(api)],
    isReady: async () => (await fetch(`http://127.0.0.1:${api}/version`)).ok,
  }))
  const call = async (method: string, path: string, body?: object): Promise<void> => {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...init })
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    server,
    async before(name, to, listen) {
      const own = listen ?? (await freePort())
      const upstream = `${to.host}:${to.port}`
      await call('POST', '/proxies', { name, listen: `127.0.0.1:${own}`, upstream, enabled: true })
      return {
        host: '127.0.0.1',
        port: own,
        async spoil(toxic) {
          if (toxic.type === 'down') return await call('POST', `/proxies/${name}`, { enabled: false })
          await call('POST', `/proxies/${name}/toxics`, wordsOf(toxic))
        },
        heal: () => call('POST', '/reset'),
      }
    },
  }
}

function wordsOf(toxic: Exclude<Toxic, { type: 'down' }>): object {
  switch (toxic.type) {
    case 'latency':
      return { type: 'latency', stream: 'downstream', attributes: { latency: toxic.milliseconds } }
    case 'blackhole':
      return { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } } // downstream it resets at once
    case 'reset':
      return { type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } }
    case 'lost answer':
      return { type: 'limit_data', stream: 'downstream', attributes: { bytes: 0 } }
  }
}
