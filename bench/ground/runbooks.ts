// The runbooks that are measured: as small as a real one can be, so that what is measured is the engine and not the plan.
import { stringify } from 'yaml'
import type { Addresses } from '../../lab/addresses.ts'
import { caddy, envoy, haproxy, nginx, traefik } from '../../lab/stage/runbook.ts'

type Fields = { [key: string]: unknown }

/** Every balancer of the lab, as a connection. */
export const EDGES = { haproxy, envoy, nginx, traefik, caddy }
export type Edge = keyof typeof EDGES

const HOLD = '1h' // until it is aborted

/** One canary step over the simulated world, held until something happens. */
export function simulated(of: { service: string; world: string; every: string }): string {
  const { service, world, every } = of
  return stringify({
    cutover: 'v1',
    service,
    connections: {
      edge: { provider: 'traffic/sim', world, rate: '100/s' },
      prom: { provider: 'metrics/sim', world },
    },
    guards: {
      errors: {
        from: 'prom',
        query: 'error_ratio($side, 1s)',
        samples: 'requests($side, 1s)',
        min_samples: 5,
        max: '0.5%',
        every,
        breach: '3 in a row',
      },
    },
    steps: [{ canary: { connection: 'edge', weights: ['50%'], hold: HOLD, samples: 0 } }],
  })
}

export const WINDOW = '5s' // five scrapes: the shortest that still gives a rate on a busy machine
const ASKED = 'http_requests_total{app="orders",side="$side"}'
const FAILED = 'http_requests_total{app="orders",side="$side",status=~"5.."}'
const RATE = `sum(rate(${ASKED}[${WINDOW}]))`
const RATIO = `(sum(rate(${FAILED}[${WINDOW}])) or 0 * ${RATE}) / ${RATE}`
const COUNT = `sum(increase(${ASKED}[${WINDOW}]))`

/** The lab's orders service behind a real balancer, watched through Prometheus once a second. */
export function onBalancer(
  lab: Addresses,
  of: { service: string; edge: Edge; steps: Fields[]; max?: string },
): string {
  return stringify(
    {
      cutover: 'v1',
      service: of.service,
      drain: '1s',
      connections: {
        edge: EDGES[of.edge](lab),
        prom: { provider: 'metrics/prometheus', url: lab.prometheus.url },
      },
      guards: {
        errors: {
          from: 'prom',
          query: RATIO,
          samples: COUNT,
          min_samples: 10,
          max: of.max ?? '0.5%',
          every: '1s',
          breach: '3 in a row',
          when_unknown: { for: '1m' },
        },
      },
      steps: of.steps,
    },
    { lineWidth: 0 },
  )
}

export function heldAt(weight: string): Fields[] {
  return [{ canary: { connection: 'edge', weights: [weight], hold: HOLD, samples: 0 } }]
}

/** All the way, each share for as long; the last one until it is turned back, or not at all. */
export function allTheWay(hold: string, last: string): Fields[] {
  const gate = { good: '1 in a row', samples: 0 }
  return [
    { canary: { connection: 'edge', weights: ['5%', '25%', '50%'], hold, ...gate } },
    { switch: { connection: 'edge', hold: last, ...gate } },
  ]
}
