// One instance of the orders service: a real HTTP server on its own port, with health, metrics and injected faults.
// Starts with a warm-up and ends by draining, so that changing the number of instances loses no request.
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { Faults, Side } from './protocol.ts'
import { createMetrics } from './metrics.ts'

const SERVICE_MS = 2 // what an ordinary request takes: without it a latency comparison would compare noise
const SERVICE_SPREAD_MS = 2
const NOTICE_MS = 1_500 // unready, still serving: seven of the balancer's 200 ms checks, it needs three
const DRAIN_MS_MAX = 5_000 // in-flight requests get this long
const NEVER_CLOSE_IDLE = 0 // closing a connection while the balancer reuses it would lose that request

export type Instance = {
  readonly port: number
  isReady(): boolean
  /** Resolves when the last request is answered and the port closed. */
  drain(): Promise<void>
}

export type InstanceOptions = {
  side: Side
  version: string
  port: number
  warmUpMs: number
  faults: Faults
}

export function startInstance(options: InstanceOptions): Instance {
  let state: 'warming' | 'ready' | 'draining' = 'warming'
  const app = createApp(options, () => state)
  const server = createServer(app)
  server.keepAliveTimeout = NEVER_CLOSE_IDLE
  const started = listen(server, options.port).then(async () => {
    await pause(options.warmUpMs)
    if (state === 'warming') state = 'ready'
  })
  return {
    port: options.port,
    isReady: () => state === 'ready' && !options.faults.unready,
    async drain() {
      state = 'draining'
      await started
      await pause(NOTICE_MS)
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS_MAX)
      await closed
      clearTimeout(impatience)
    },
  }
}

type App = (request: IncomingMessage, response: ServerResponse) => void

function createApp(options: InstanceOptions, state: () => 'warming' | 'ready' | 'draining'): App {
  const { side, version, faults } = options
  const metrics = createMetrics({ app: 'orders', side, version })
  const hostName = `${side}-${options.port}`
  return (request, response) => {
    const path = (request.url ?? '/').split('?')[0]
    response.setHeader('x-side', side)
    if (state() === 'draining') response.setHeader('connection', 'close')
    request.resume()
    switch (path) {
      case '/healthz/live':
        return json(response, 200, { status: 'live' })
      case '/healthz/ready': {
        const isReady = state() === 'ready' && !faults.unready
        const database = isReady || state() !== 'warming' ? 'ok' : 'connecting'
        const checks = { database: faults.unready ? 'unreachable' : database, cache: 'ok' }
        return json(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'unready', checks, version })
      }
      case '/metrics':
        response.setHeader('content-type', 'text/plain; version=0.0.4')
        return void response.end(metrics.render())
      default:
        return serve()
    }

    function serve(): void {
      const began = performance.now()
      const seconds = (): number => (performance.now() - began) / 1000
      metrics.begin()
      response.once('close', () => metrics.end())
      if (Math.random() < faults.hangRatio) {
        // The head goes out, so that whoever waits in vain knows whose fault it is.
        response.writeHead(200, { 'x-injected': 'hang' })
        response.flushHeaders()
        response.once('close', () => metrics.count(500, seconds()))
        return
      }
      const isShadow = (request.headers.host ?? '').split(':')[0]?.endsWith('-shadow') ?? false // Envoy's mark
      setTimeout(
        () => {
          if (Math.random() < faults.errorRatio) {
            response.setHeader('x-injected', 'error')
            json(response, 500, { side, error: 'injected' })
            return metrics.count(500, seconds())
          }
          json(response, 200, { service: 'orders', side, version, instance: hostName })
          metrics.count(200, seconds())
          if (!isShadow) metrics.countOrder()
        },
        SERVICE_MS + Math.random() * SERVICE_SPREAD_MS + faults.latencyMs,
      )
    }
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** A port that is taken ends the whole process: its owner sees why and tries others. */
async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
