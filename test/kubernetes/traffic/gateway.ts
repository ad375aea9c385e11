// A controller of the Gateway API and its gateway in one, small and honest: it reads a route, sends real requests on by its
// weights, copies by its mirror, counts them, and writes the status. What it can be told to do wrong is what controllers do.
import { once } from 'node:events'
import { type Server, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HttpRoute, ParentStatus } from '../../../activities/traffic/gateway-api/http-route.ts'
import type { Kubernetes } from '../../../lab/servers/kubernetes.ts'

const LOOK_MS = 10

export interface Misdeeds {
  /** It takes up a change so long after it was written. */
  lagMs: number
  /** It reads nothing any more. */
  isFrozen: boolean
  /** It writes the status of the first parent only. */
  isHalf: boolean
  /** It says that it has read a change, and goes on as before. */
  ignores: boolean
}

export interface Gateway {
  /** Requests come in here. */
  url: string
  /** Counters in the text form of Prometheus: `requests_total{backend}`, `failures_total{backend}`. */
  metrics: { host: string }
  misdeeds: Misdeeds
  end(): Promise<void>
}

export interface Backends {
  [name: string]: { port: number }
}

type Route = HttpRoute & { metadata: HttpRoute['metadata'] & { generation: number } }

export async function startGateway(
  kubernetes: Kubernetes,
  { path, backends }: { path: string; backends: Backends },
): Promise<Gateway> {
  const misdeeds: Misdeeds = { lagMs: 0, isFrozen: false, isHalf: false, ignores: false }
  const counts: Record<string, number> = Object.fromEntries(Object.keys(backends).map((name) => [name, 0]))
  const failures: Record<string, number> = Object.fromEntries(Object.keys(backends).map((name) => [name, 0]))
  const failed = (name: string): void => void (failures[name] = (failures[name] ?? 0) + 1)
  let applied: Route | null = null
  let sent = 0
  const edge = await listen(
    createServer((asked, response) => {
      const rule = applied?.spec.rules?.[0]
      const refs = rule?.backendRefs ?? []
      const name = drawn(
        refs.map((ref) => ({ name: ref.name, weight: ref.weight ?? 1 })),
        sent++,
      )
      const mirror = rule?.filters?.find(({ type }) => type === 'RequestMirror')?.requestMirror
      if (mirror !== undefined && (sent * 7) % 100 < (mirror.percent ?? 100)) {
        const shadow = mirror.backendRef.name
        counts[shadow] = (counts[shadow] ?? 0) + 1
      }
      asked.resume()
      const backend = name === null ? undefined : backends[name]
      if (name === null || backend === undefined) return void response.writeHead(500).end()
      counts[name] = (counts[name] ?? 0) + 1
      request({ host: '127.0.0.1', port: backend.port, path: asked.url }, (answer) => {
        if ((answer.statusCode ?? 502) >= 500) failed(name)
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
        .on('error', () => {
          failed(name)
          response.writeHead(503).end()
        })
        .end()
    }),
  )
  const metrics = await listen(
    createServer((_, response) => {
      const lines = [...linesOf('requests_total', counts), ...linesOf('failures_total', failures)]
      response.end(`${lines.join('\n')}\n`)
    }),
  )
  const stopped = new AbortController()
  const reading = (async () => {
    let noticed = { key: '', atMs: 0 }
    while (!stopped.signal.aborted) {
      const route = (await kubernetes.get(path).catch(() => null)) as Route | null // frozen or not there yet
      const key = `${route?.metadata.uid} ${route?.metadata.generation}`
      if (noticed.key !== key) noticed = { key, atMs: Date.now() }
      const isDue = Date.now() - noticed.atMs >= misdeeds.lagMs && !misdeeds.isFrozen
      if (route !== null && isDue && !isRead(route, misdeeds.isHalf)) {
        if (!misdeeds.ignores && !misdeeds.isHalf) applied = route
        await report(kubernetes, { path, route, isHalf: misdeeds.isHalf }).catch(() => {}) // written anew meanwhile: read again
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  })()
  return {
    url: `http://127.0.0.1:${portOf(edge)}`,
    metrics: { host: `127.0.0.1:${portOf(metrics)}` },
    misdeeds,
    end: async () => {
      stopped.abort()
      await reading
      for (const server of [edge, metrics]) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

function linesOf(name: string, counts: Record<string, number>): string[] {
  const lines = Object.entries(counts).map(([backend, count]) => `${name}{backend="${backend}"} ${count}`)
  return [`# TYPE ${name} counter`, ...lines]
}

/** In turn and not at random: of any hundred requests each gets as many as its share says. */
function drawn(refs: { name: string; weight: number }[], turn: number): string | null {
  const sum = refs.reduce((all, { weight }) => all + weight, 0)
  if (sum === 0) return null
  let at = ((turn * 37) % 100) * (sum / 100)
  for (const { name, weight } of refs) {
    if (at < weight) return name
    at -= weight
  }
  return refs.at(-1)?.name ?? null
}

function isRead({ metadata, spec, status }: Route, isHalf: boolean): boolean {
  const parents = status?.parents ?? []
  const wanted = isHalf ? 1 : (spec.parentRefs ?? []).length
  return parents.filter((each) => readBy(each) === metadata.generation).length >= wanted
}

function readBy({ conditions = [] }: ParentStatus): number {
  return Math.min(...conditions.map(({ observedGeneration = 0 }) => observedGeneration))
}

async function report(
  kubernetes: Kubernetes,
  { path, route, isHalf }: { path: string; route: Route; isHalf: boolean },
): Promise<void> {
  const { generation: observedGeneration, resourceVersion } = route.metadata
  const lastTransitionTime = new Date().toISOString()
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: type,
    message: '',
    observedGeneration,
    lastTransitionTime,
  })
  const before = route.status?.parents ?? []
  const parents = (route.spec.parentRefs ?? []).map((parentRef, at) =>
    isHalf && at > 0 && before[at] !== undefined
      ? before[at]
      : {
          parentRef,
          controllerName: 'test.example/gateway',
          conditions: [condition('Accepted'), condition('ResolvedRefs')],
        },
  )
  await kubernetes.patch(`${path}/status?fieldManager=gateway`, {
    metadata: { resourceVersion },
    status: { parents },
  })
}

async function listen(server: Server): Promise<Server> {
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}
