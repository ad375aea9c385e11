// Looks at the servers that a first runbook is about, once, and says what it found and what it guesses. Nothing is changed.
import { APPLICATION, type Starter, haproxyExporter } from './starter.ts'

/** `said`: for people, what was found or why nothing was. */
export type Discovered = { starter: Starter; said: string[] }

const RELABELLING = 'docs/quickstart-haproxy-prometheus.md shows how it gets one by relabelling'

/** With what the balancer and the metrics say, where they can be reached. */
export async function discovered(
  first: Starter,
  look: { traffic: boolean; metrics: boolean },
): Promise<Discovered> {
  const edge = look.traffic ? await lookAtHaproxy(first) : { starter: first, said: [] }
  const metrics = look.metrics ? await lookAtPrometheus(edge.starter) : { starter: edge.starter, said: [] }
  return { starter: metrics.starter, said: [...edge.said, ...metrics.said] }
}

async function lookAtHaproxy(starter: Starter): Promise<Discovered> {
  const { traffic, known, service } = starter
  if (traffic.provider !== 'haproxy') return { starter, said: [] }
  const { discover } = await import('../../activities/traffic/haproxy/discover.ts')
  const found = await discover(traffic.socket).catch((error: Error) => error)
  if (found instanceof Error)
    return { starter, said: [`HAProxy at ${traffic.socket} was not looked at: ${found.message}`] }
  const named = found.map(
    ({ backend, servers }) => `${backend} (${servers.map(({ name }) => name).join(', ')})`,
  )
  const backend =
    found.find((each) => each.backend === service) ?? (found.length === 1 ? found[0] : undefined)
  if (backend === undefined)
    return {
      starter,
      said: [`HAProxy has no backend ${service}; with two servers or more: ${named.join('; ') || 'none'}`],
    }
  const [serving, idle] = [
    backend.servers.filter(({ weight }) => weight > 0),
    backend.servers.filter(({ weight }) => weight === 0),
  ]
  const isClear = serving.length > 0 && idle.length > 0
  const [old, fresh] = isClear ? [serving, idle] : [backend.servers.slice(0, 1), backend.servers.slice(1)]
  const names = (servers: typeof serving) =>
    servers.length === 1 ? (servers[0]?.name ?? '') : `[${servers.map(({ name }) => name).join(', ')}]`
  const why = isClear ? 'by their weights' : 'a guess, by their order: the marks stay'
  return {
    starter: {
      ...starter,
      traffic: { ...traffic, backend: backend.backend, old: names(old), new: names(fresh) },
      known: new Set([...known, 'socket', 'backend', ...(isClear ? (['servers'] as const) : [])]),
    },
    said: [`HAProxy: backend ${backend.backend}, old ${names(old)}, new ${names(fresh)} (${why})`],
  }
}

async function lookAtPrometheus(starter: Starter): Promise<Discovered> {
  const { metrics, traffic, known } = starter
  if (metrics.provider !== 'prometheus') return { starter, said: [] }
  const { discover } = await import('../../activities/metrics/prometheus/discover.ts')
  const found = await discover(metrics.url).catch((error: Error) => error)
  if (found instanceof Error) return { starter, said: [`Prometheus was not looked at: ${found.message}`] }
  const isSplit = (metric: string) => ['old', 'new'].some((side) => found.sides[metric]?.includes(side))
  const metric = found.metrics.find(isSplit)
  if (metric === undefined) {
    const there =
      found.metrics.length === 0 ? 'none that counts requests under a usual name' : found.metrics.join(', ')
    return {
      starter: { ...starter, known: new Set([...known, 'url']) },
      said: [`Prometheus: ${there}, and no label side with old or new in it; ${RELABELLING}`],
    }
  }
  const backend = traffic.provider === 'haproxy' ? traffic.backend : starter.service
  const requests = metric === APPLICATION.metric ? APPLICATION : haproxyExporter(backend)
  return {
    starter: { ...starter, metrics: { ...metrics, requests }, known: new Set([...known, 'url', 'requests']) },
    said: [`Prometheus: ${metric} by its label side (${found.sides[metric]?.join(', ')})`],
  }
}
