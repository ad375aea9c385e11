// A server in the shape of Prometheus whose every answer is set by hand: the moment at which a metric turns bad is known exactly. Asked
// by guards and by the analyses of others alike.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const BODY_CHARACTERS_MAX = 64 * 1_024

export type Steered = {
  url: string
  /** What a query holds that names it; 0 unless set. */
  set(name: string, value: number): void
  close(): void
}

export async function startSteered(): Promise<Steered> {
  const values = new Map<string, number>()
  const server = createServer((request, response) => {
    void (async () => {
      let body = ''
      for await (const piece of request) body = `${body}${piece}`.slice(0, BODY_CHARACTERS_MAX)
      const query =
        new URLSearchParams(`${body}&${(request.url ?? '').split('?')[1] ?? ''}`).get('query') ?? ''
      const name = [...values.keys()].find((each) => query.includes(`"${each}"`))
      const now = Date.now() / 1_000
      const result = [{ metric: {}, value: [now, String(values.get(name ?? '') ?? 0)] }]
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (name, value) => void values.set(name, value),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
