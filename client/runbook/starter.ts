// The runbook that `cutover init` writes: made for the service, the traffic and the metrics that were named, with what was found there.
// Tests validate each; every line that must be changed says so. Pure.

export const TRAFFIC = ['haproxy', 'envoy'] as const
export const METRICS = ['prometheus', 'http-json'] as const

export type Starter = {
  service: string
  traffic:
    | { provider: 'haproxy'; socket: string; backend: string; old: string; new: string }
    | { provider: 'envoy' }
  metrics: { provider: 'prometheus'; url: string; requests: Counting } | { provider: 'http-json' }
  /** Fields that stand as they were found or said: without the mark. */
  known: ReadonlySet<Known>
}
export type Known = 'service' | 'socket' | 'backend' | 'servers' | 'url' | 'requests'

/** How requests and failed ones are selected in Prometheus. */
export type Counting = { metric: string; labels: string[]; failed: string }

export const APPLICATION: Counting = { metric: 'http_requests_total', labels: [], failed: 'status=~"5.."' }
/** HAProxy's own exporter; the label `side` comes by relabelling (docs/quickstart-haproxy-prometheus.md). */
export const haproxyExporter = (backend: string): Counting => ({
  metric: 'haproxy_server_http_responses_total',
  labels: [`proxy="${backend}"`],
  failed: 'code="5xx"',
})

export const FIRST: Starter = {
  service: 'my-service',
  traffic: {
    provider: 'haproxy',
    socket: '/run/haproxy/admin.sock',
    backend: 'my-service',
    old: 'v1',
    new: 'v2',
  },
  metrics: { provider: 'prometheus', url: 'http://prometheus:9090', requests: APPLICATION },
  known: new Set(),
}

export function starter(of: Starter): string {
  const { service, known } = of
  const change = changeIn(known)
  return `# A first cutover: traffic moves from old to new behind ${NAMES[of.traffic.provider]}, watched through ${NAMES[of.metrics.provider]}.
# Lines marked CHANGE name your world. Check with \`cutover validate\`, read with \`cutover plan\`.
cutover: v1
service: ${service}${change('service', 'at most one run of a service is open at any time')}
description: What moves from where to where # CHANGE

# The outside world by name. Secrets are never written here: use env:NAME or file:/path, the worker reads them.
connections:
${trafficLines(of)}
${metricsLines(of)}

# What sends the run back by itself. $side becomes old or new. No data is never good.
guards:
${guardLines(of)}

# What happens, in this order. Everything can be undone at any moment: \`cutover abort ${service}\`.
steps:
  - approve: # a person other than the one who started the run
      title: Ready to move users
      expires: 1h # unanswered, the run goes back
  - canary: # each share is held until its time is over and the guards were good
      connection: edge
      weights: [5%, 25%, 50%]
      hold: 5m
  - switch: # all traffic to the new side
      connection: edge
      hold: 15m
  - hold: # stay here, watched; going back is still one command
      for: 24h
`
}

const NAMES = {
  haproxy: 'HAProxy',
  envoy: 'Envoy',
  prometheus: 'Prometheus',
  'http-json': 'a JSON answer',
} as const

function changeIn(known: Starter['known']): (field: Known, about?: string) => string {
  return (field, about) => {
    if (known.has(field)) return about === undefined ? '' : ` # ${about}`
    return about === undefined ? ' # CHANGE' : ` # CHANGE: ${about}`
  }
}

function trafficLines({ traffic, known }: Starter): string {
  const change = changeIn(known)
  if (traffic.provider === 'envoy')
    return `  edge: # what shares requests between the sides
    provider: traffic/envoy
    routes: /etc/envoy/rds/routes.json # CHANGE: the route file in the folder that Envoy watches
    admin: http://127.0.0.1:9901 # CHANGE
    old: v1 # CHANGE: cluster that serves today
    new: v2 # CHANGE: cluster that is to serve`
  return `  edge: # what shares requests between the sides
    provider: traffic/haproxy
    socket: ${traffic.socket}${change('socket', 'the runtime socket, as the worker sees it')}
    backend: ${traffic.backend}${change('backend')}
    old: ${traffic.old}${change('servers', 'server (or list of servers) that serves today')}
    new: ${traffic.new}${change('servers', 'server (or list of servers) that is to serve')}`
}

function metricsLines({ metrics, known }: Starter): string {
  if (metrics.provider === 'http-json')
    return `  stats:
    provider: metrics/http-json
    url: http://stats.internal:8080 # CHANGE`
  return `  prom:
    provider: metrics/prometheus
    url: ${metrics.url}${changeIn(known)('url')}`
}

function guardLines({ metrics, known }: Starter): string {
  const rest = `    max: 0.5%
    breach: 3 in a row # so many bad checks in a row send the run back
    every: 10s
    min_samples: 100 # fewer than this: unknown, never good
    when_unknown: { for: 2m, do: hold } # stay at this weight and ask a person`
  if (metrics.provider === 'http-json')
    return `  errors:
    from: stats
    query: /stats?side=$side errors.ratio # CHANGE: path, blank, dotted path into the answer
    samples: /stats?side=$side requests.last_minute # CHANGE: what the reading rests on
${rest}`
  const { metric, labels, failed } = metrics.requests
  const all = `${metric}{${[...labels, 'side="$side"'].join(',')}}`
  const bad = `${metric}{${[...labels, 'side="$side"', failed].join(',')}}`
  const change = changeIn(known)
  return `  errors:
    from: prom
    #${change('requests', 'failed / all; "or 0 * all" because a healthy service may have no series of failures yet').slice(2)}
    query: >-
      (sum(rate(${bad}[1m])) or 0 * sum(rate(${all}[1m])))
      / sum(rate(${all}[1m]))
    samples: sum(increase(${all}[1m]))${change('requests', 'what the reading rests on')}
${rest}`
}
