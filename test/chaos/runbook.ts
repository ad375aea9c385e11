// A shape as a runbook on the lab, in fast motion, and what the world must look like when it has completed.
import { stringify } from 'yaml'
import type { Addresses } from '../../lab/addresses.ts'
import { RECORD, bind, caddy, envoy, haproxy, nginx, powerdns, traefik } from '../../lab/stage/runbook.ts'
import type { Sight } from './sight.ts'
import { LED_BY } from './edges.ts'
import { type ChaosStep, type Edge, MEMBERS, type Shape, TENANT } from './scenario.ts'

const HOLD = '700ms'
const WATCHED = { good: '1 in a row', extend_max: '6s' }
const COUNTED = { samples: 40, tolerance: '20%' } // of forty at 20 %, eight are expected
const RATE = 'sum(rate(http_requests_total{app="orders",side="$side"}[5s]))' // five scrapes

const EDGES: { [edge in Edge]: (addresses: Addresses) => object } = {
  haproxy,
  envoy: (addresses) => ({ ...envoy(addresses), shadow: 'shadow', cohort: LED_BY.envoy }),
  nginx: (addresses) => ({ ...nginx(addresses), cohort: LED_BY.nginx }),
  traefik,
  caddy,
}
/** Edges that cannot count what is in flight: the side says it itself. */
const COUNTED_BY_SIDE: Edge[] = ['nginx', 'traefik']

export function runbookOf(shape: Shape, service: string, addresses: Addresses): string {
  const { edge, zone } = shape
  return stringify(
    {
      cutover: 'v1',
      service,
      description: 'One run of the chaos harness',
      drain: '1s',
      connections: usedBy(shape, {
        edge: EDGES[edge](addresses),
        door: { provider: 'probe/http', url: doorOf(edge, addresses) },
        zone: zone === 'bind' ? bind(addresses) : powerdns(addresses),
        fleet: {
          provider: 'capacity/command',
          observe: [addresses.commands.observe],
          apply: [addresses.commands.apply],
        },
        prom: { provider: 'metrics/prometheus', url: addresses.prometheus.url },
      }),
      guards: {
        errors: {
          from: 'prom',
          query: `sum(rate(http_requests_total{app="orders",side="$side",status=~"5.."}[5s])) / ${RATE}`,
          max: '20%',
          breach: '3 in a row',
          every: '500ms',
          when_unknown: { for: '3s', do: 'hold' },
        },
      },
      steps: shape.steps.map((step) => ({ [step.kind]: fieldsOf(step, shape, addresses) })),
    },
    { lineWidth: 0 },
  )
}

/** Where members and strangers come in. */
function doorOf(edge: Edge, { haproxy: first, envoy: second, nginx: third }: Addresses): string {
  if (edge === 'envoy') return second.url
  return edge === 'nginx' ? third.url : first.url
}

const CONNECTION_OF: { [kind in ChaosStep['kind']]: 'edge' | 'zone' | 'fleet' | null } = {
  prewarm: 'fleet',
  canary: 'edge',
  switch: 'edge',
  shadow: 'edge',
  cohort: 'edge',
  drain: 'edge',
  ttl: 'zone',
  repoint: 'zone',
  hold: null,
  approve: null,
}

/** A connection that no step names is a mistake. */
function usedBy(shape: Shape, connections: { [name: string]: object }): { [name: string]: object } {
  const asks = shape.steps.some(({ kind }) => kind === 'cohort') ? ['door'] : []
  const used = new Set(['prom', ...asks, ...shape.steps.flatMap(({ kind }) => CONNECTION_OF[kind] ?? [])])
  return Object.fromEntries(Object.entries(connections).filter(([name]) => used.has(name)))
}

function fieldsOf(step: ChaosStep, { zone, edge }: Shape, addresses: Addresses): object {
  const resolver = zone === 'bind' ? addresses.resolverOfBind.dns : addresses.resolverOfPowerdns.dns
  const seen = { resolvers: [`${resolver.host}:${resolver.port}`], margin: '200ms', within: '20s' }
  const connection = CONNECTION_OF[step.kind]
  const on = connection === null ? {} : { connection }
  switch (step.kind) {
    case 'prewarm':
      return { ...on, factor: step.factor, ready_within: '15s' }
    case 'canary':
      return {
        ...on,
        weights: step.weights.map((weight) => `${weight}%`),
        hold: HOLD,
        ...WATCHED,
        ...COUNTED,
      }
    case 'switch':
      return { ...on, hold: HOLD, ...WATCHED, ...COUNTED }
    case 'shadow':
      return { ...on, percent: '50%', for: HOLD, ...WATCHED, ...COUNTED }
    case 'cohort': {
      const proof = {
        connection: 'door',
        path: '/',
        header: TENANT,
        old: { json: { side: 'old' } },
        new: { json: { side: 'new' } },
        every: '300ms',
      }
      return { ...on, members: MEMBERS, hold: HOLD, proof, ...WATCHED }
    }
    case 'drain': {
      const query = 'sum(http_requests_in_flight{app="orders",side="$side"})'
      const by = COUNTED_BY_SIDE.includes(edge) ? { in_flight: { from: 'prom', query, for: '1500ms' } } : {}
      return { ...on, within: '6s', every: '300ms', good: '2 in a row', ...by }
    }
    case 'ttl':
      return { ...on, records: [RECORD], to: '1s', ...seen }
    case 'repoint':
      return {
        ...on,
        records: { [RECORD]: [addresses.haproxy.entries.new] },
        hold: HOLD,
        ...WATCHED,
        ...seen,
      }
    case 'hold':
      return { for: '1500ms', ...WATCHED }
    case 'approve':
      return { title: 'On to everybody', people: 'anyone', expires: '5m' }
    default:
      return step satisfies never
  }
}

/** The world after all steps, by the same rules that an operator reads in the runbook. */
export function wantedAfter(shape: Shape, start: Sight, newEntry: string): Sight {
  return shape.steps.reduce<Sight>((sight, step) => {
    switch (step.kind) {
      case 'prewarm': {
        const wanted = Math.max(1, Math.ceil(step.factor * sight.fleet.old))
        return { ...sight, fleet: { ...sight.fleet, new: Math.max(wanted, sight.fleet.new) } }
      }
      case 'canary': {
        const share = step.weights.at(-1) ?? 0
        return { ...sight, edge: { ...sight.edge, old: 100 - share, new: share } }
      }
      case 'switch':
        return { ...sight, edge: { ...sight.edge, old: 0, new: 100 } }
      case 'repoint':
        return { ...sight, record: { ...sight.record, values: [newEntry] } }
      case 'cohort':
        return { ...sight, edge: { ...sight.edge, members: MEMBERS } }
      case 'drain':
      case 'ttl': // restored when the run completes
      case 'shadow': // over with its step
      case 'hold':
      case 'approve':
        return sight
      default:
        return step satisfies never
    }
  }, start)
}
