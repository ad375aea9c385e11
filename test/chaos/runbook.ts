// A shape as a runbook on the lab, in fast motion, and what the world must look like when it has completed.
import { stringify } from 'yaml'
import type { Addresses } from '../../lab/addresses.ts'
import { RECORD, bind, envoy, haproxy, powerdns } from '../../lab/stage/runbook.ts'
import type { Sight } from './sight.ts'
import type { ChaosStep, Shape } from './scenario.ts'

const HOLD = '700ms'
const WATCHED = { good: '1 in a row', extend_max: '6s' }
const COUNTED = { samples: 40, tolerance: '20%' } // of forty at 20 %, eight are expected
const RATE = 'sum(rate(http_requests_total{app="orders",side="$side"}[5s]))' // five scrapes

export function runbookOf(shape: Shape, service: string, addresses: Addresses): string {
  const { edge, zone } = shape
  return stringify(
    {
      cutover: 'v1',
      service,
      description: 'One run of the chaos harness',
      drain: '1s',
      connections: usedBy(shape, {
        edge: edge === 'haproxy' ? haproxy(addresses) : { ...envoy(addresses), shadow: 'shadow' },
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

const CONNECTION_OF: { [kind in ChaosStep['kind']]: 'edge' | 'zone' | 'fleet' | null } = {
  prewarm: 'fleet',
  canary: 'edge',
  switch: 'edge',
  shadow: 'edge',
  ttl: 'zone',
  repoint: 'zone',
  hold: null,
  approve: null,
}

/** A connection that no step names is a mistake. */
function usedBy(shape: Shape, connections: { [name: string]: object }): { [name: string]: object } {
  const used = new Set<string>(['prom', ...shape.steps.flatMap(({ kind }) => CONNECTION_OF[kind] ?? [])])
  return Object.fromEntries(Object.entries(connections).filter(([name]) => used.has(name)))
}

function fieldsOf(step: ChaosStep, { zone }: Shape, addresses: Addresses): object {
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
