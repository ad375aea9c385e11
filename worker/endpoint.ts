// The worker's own HTTP endpoint, meant for loopback or a scrape network: /healthz and /metrics, nothing that changes anything.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'
import type { Address } from './config.ts'
import { Refusal } from './refusal.ts'

export interface Health {
  isHealthy: boolean
  /** Task queue -> state of its worker. */
  workers: Record<string, string>
}

export interface Endpoint {
  url: string
  close(): Promise<void>
}

/** Raises a Refusal when the address is taken. */
export async function serveEndpoint(
  address: Address,
  registry: Registry,
  health: () => Health,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://worker').pathname
    if (request.method !== 'GET') answer(response, 405, 'only GET\n')
    else if (path === '/healthz') answerHealth(response, health())
    else if (path === '/metrics') void answerMetrics(response, registry)
    else answer(response, 404, '/healthz and /metrics are served here\n')
  })
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', (error) => {
    const where = `${address.host}:${address.port}`
    reject(
      new Refusal(
        1,
        `metrics cannot be served at ${where}: ${error.message}; set CUTOVER_METRICS_ADDRESS`,
        error,
      ),
    )
  })
  server.listen(address.port, address.host, resolve)
  await listening
  const { port } = server.address() as AddressInfo
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      const { promise, resolve: closed } = Promise.withResolvers<void>()
      server.close(() => closed())
      server.closeAllConnections()
      await promise
    },
  }
}

function answerHealth(response: ServerResponse, health: Health): void {
  response.setHeader('content-type', 'application/json')
  answer(response, health.isHealthy ? 200 : 503, `${JSON.stringify(health)}\n`)
}

async function answerMetrics(response: ServerResponse, registry: Registry): Promise<void> {
  try {
    const text = await registry.metrics()
    response.setHeader('content-type', registry.contentType)
    answer(response, 200, text)
  } catch (error) {
    answer(
      response,
      500,
      `metrics cannot be collected: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status)
  response.end(body)
}
