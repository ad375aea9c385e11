// What one run of the harness is: a runbook, faults with their moments, and people with their habits. Plain data, made
// from a seed alone or written by hand (constructed.ts).
import type { ServerName } from '../../lab/addresses.ts'
import type { Json } from '../../workflows/json.ts'
import type { Toxic } from './link.ts'

export type Edge = 'haproxy' | 'envoy' | 'nginx' | 'traefik' | 'caddy'
export type Zone = 'bind' | 'powerdns'

export type ChaosStep =
  | { kind: 'prewarm'; factor: number }
  | { kind: 'canary'; weights: number[] }
  | { kind: 'switch' | 'hold' | 'ttl' | 'repoint' | 'approve' | 'shadow' | 'cohort' | 'drain' }

export type Shape = { edge: Edge; zone: Zone; steps: ChaosStep[] }

/** A call of the run as the server's history tells it; `nth` counts calls of this activity, from 1. */
export type Moment = { on: 'scheduled' | 'ended'; call: Call; nth: number; plusMs: number }
export type Call = 'claim' | 'observe' | 'apply' | 'confirm' | 'watch' | 'restore'

/** Servers that users do not stand on, so that a fault of theirs excuses no lost request. */
/** Caddy's admin API answers at its own address only. */
export type LinkName = Exclude<Edge, 'caddy'> | Zone | 'fleet' | 'prometheus' | 'temporal'

export type TargetName = 'edge split' | 'edge cohort' | 'zone record' | 'fleet new'

/** Who goes first, and the header that says who asks. */
export const TENANT = 'x-tenant'
export const MEMBERS = ['acme', 'globex']

export type Fault =
  | { kind: 'kill' | 'stop'; server: ServerName | 'worker'; forMs: number }
  /** Another worker is started beside the present one, which is ended and started anew. */
  | { kind: 'deploy' }
  | { kind: 'toxic'; link: LinkName; toxic: Toxic; forMs: number }
  | { kind: 'foreign'; target: TargetName; value: Json }
  /** Another route of the same file is written. */
  | { kind: 'neighbour' }
  /** The new version answers with errors: a breach. */
  | { kind: 'errors'; forMs: number }
  /** The instances of a side fail their health checks and go on serving. */
  | { kind: 'unready'; side: 'old' | 'new'; forMs: number }
  | { kind: 'abort'; via: 'update' | 'signal' | 'cancel' }
  /** The run is set back by so many workflow tasks, as `temporal workflow reset` does. */
  | { kind: 'reset'; tasks: number }

export type Act = { when: Moment; what: Fault }

/** What people answer. `put back`: they set the target right by hand, then say retry. */
export type People = {
  approvalAfterMs: number
  /** How long other questions stay open, after the last fault, before they are answered. */
  patienceMs: number
  drift: 'approve' | 'put back' | 'abort'
  restore: 'put back' | 'skip'
  evidence: 'retry' | 'approve' | 'abort'
}

export type Scenario = { name: string; seed: number; shape: Shape; acts: Act[]; people: People }

export function describeAct({ when, what }: Act): string {
  return `${describeFault(what)} @ ${describeMoment(when)}`
}

function describeMoment({ call, nth, on, plusMs }: Moment): string {
  return `${call}#${nth} ${on}${plusMs === 0 ? '' : `+${plusMs}ms`}`
}

/** `apply#2 ended+300ms`: as it is printed, so it is read. */
export function momentOf(text: string): Moment {
  const [, call, nth, on, plusMs = '0'] = /^(\w+)#(\d+) (scheduled|ended)(?:\+(\d+)ms)?$/.exec(text) ?? []
  if (call === undefined) throw new Error(`not a moment: ${text}`)
  return { call: call as Call, nth: Number(nth), on: on as Moment['on'], plusMs: Number(plusMs) }
}

function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return `${fault.kind} ${fault.server} ${fault.forMs}ms`
    case 'toxic': {
      const { toxic } = fault
      return `${toxic.kind}${'ms' in toxic ? ` ${toxic.ms}ms` : ''} ${fault.link} for ${fault.forMs}ms`
    }
    case 'foreign':
      return `foreign ${fault.target} ${JSON.stringify(fault.value)}`
    case 'errors':
      return `errors ${fault.forMs}ms`
    case 'unready':
      return `unready ${fault.side} ${fault.forMs}ms`
    case 'abort':
      return `abort by ${fault.via}`
    case 'reset':
      return `reset by ${fault.tasks} tasks`
    case 'deploy':
    case 'neighbour':
      return fault.kind
    default:
      return fault satisfies never
  }
}

export function describeShape({ edge, zone, steps }: Shape): string {
  const words = steps.map((step) =>
    step.kind === 'canary'
      ? `canary ${step.weights.join('/')}`
      : step.kind === 'prewarm'
        ? `prewarm ${step.factor}x`
        : step.kind,
  )
  return `${edge}+${zone}: ${words.join(', ')}`
}

/** Balancer and name server, where a step changes them. */
export function backendsOf({ edge, zone, steps }: Shape): (Edge | Zone)[] {
  const usesZone = steps.some(({ kind }) => kind === 'ttl' || kind === 'repoint')
  const usesEdge = steps.some(({ kind }) => ['canary', 'switch', 'shadow', 'cohort', 'drain'].includes(kind))
  return [...(usesEdge ? [edge] : []), ...(usesZone ? [zone] : [])]
}
