// The worker's own HTTP endpoint, meant for loopback or a scrape network: /healthz and /metrics, nothing that changes anything.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { Registry } from 'prom-client'
import type { Address } from './config.ts'
import { type Listening, listen } from './listen.ts'

export interface Health {
  isHealthy: boolean
  /** Task queue -> state of its worker. */
  workers: Record<string, string>
}

/** Raises a Refusal when it cannot listen there. Whatever is asked of it, it answers and lives on. */
export async function serveEndpoint(
  address: Address,
  registry: Registry,
  health: () => Health,
): Promise<Listening> {
  const server = createServer((request, response) => {
    const path = pathOf(request.url)
    if (request.method !== 'GET') answer(response, 405, 'only GET\n')
    else if (path === '/healthz') answerHealth(response, health())
    else if (path === '/metrics') void answerMetrics(response, registry)
    else answer(response, 404, '/healthz and /metrics are served here\n')
  })
  return await listen(server, address, (error) => refusedAt(address, error))
}

/** Not parsed as a URL: `GET //` is none, and whoever can reach this port can send it. */
function pathOf(target: string | undefined): string {
  return (target ?? '/').split(/[?#]/, 1)[0] ?? '/'
}

function refusedAt({ host, port }: Address, error: NodeJS.ErrnoException): string {
  const why =
    error.code === 'EADDRINUSE'
      ? `port ${port} of ${host} is in use, by another worker on this machine perhaps`
      : error.message
  return (
    `metrics and health cannot be served at ${host}:${port}: ${why}\n` +
    '  CUTOVER_METRICS_ADDRESS=host:port serves them elsewhere (port 0 = any free one), off = nowhere'
  )
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
