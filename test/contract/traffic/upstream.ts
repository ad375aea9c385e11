// A tiny HTTP service standing behind a load balancer, and a keep-alive client in front of it, both in the test's process.
import { Agent, createServer, get, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

export interface Upstream {
  port: number
  end(): Promise<void>
}

/** Answers everything, health checks too, and says in `x-side` who answered. */
export async function startUpstream(name: string, answerAfterMs = 0): Promise<Upstream> {
  const server: Server = createServer((_, response) => {
    response.setHeader('x-side', name)
    if (answerAfterMs === 0) response.end('ok')
    else setTimeout(() => response.end('ok'), answerAfterMs)
  })
  server.keepAliveTimeout = 0 // a balancer that reuses a connection the moment it is closed would lose a request
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    end: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Served {
  /** Answers per `x-side`. */
  sides: Record<string, number>
  failed: string[]
}

export interface Load {
  url: string
  requests: number
  /** At most; the client is slower when the machine is. */
  perSecond: number
}

const CONNECTIONS_MAX = 16 // kept alive and reused, as a service mesh or an SDK would

/** Sends a fixed number of requests at a bounded rate over kept-alive connections and counts every answer. */
export async function sendLoad({ url, requests, perSecond }: Load): Promise<Served> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX })
  const served: Served = { sides: {}, failed: [] }
  const started = performance.now()
  const open: Promise<void>[] = []
  for (let sent = 0; sent < requests; sent++) {
    const due = started + (sent / perSecond) * 1_000
    const early = due - performance.now()
    if (early > 1) await new Promise((resolve) => setTimeout(resolve, early))
    open.push(request(url, { agent, served }))
  }
  await Promise.all(open)
  agent.destroy()
  return served
}

function request(url: string, { agent, served }: { agent: Agent; served: Served }): Promise<void> {
  return new Promise((resolve) => {
    const fail = (why: string): void => {
      served.failed.push(why)
      resolve()
    }
    get(url, { agent }, (response) => {
      response.resume()
      response.on('error', (error) => fail(error.message))
      response.on('end', () => {
        if (response.statusCode !== 200) return fail(`status ${response.statusCode}`)
        const side = String(response.headers['x-side'])
        served.sides[side] = (served.sides[side] ?? 0) + 1
        resolve()
      })
    }).on('error', (error) => fail(error.message))
  })
}
