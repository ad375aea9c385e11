// The fault matrix: from the calls of a run without trouble to one case per call and kind of failure.
import type { ChangingPort } from '../../activities/sim/state.ts'
import type { Fault, Rule } from '../../activities/sim/faults.ts'
import type { Call } from '../../activities/sim/state.ts'
import type { FailureKind } from '../../workflows/failure.ts'
import type { Json } from '../../workflows/json.ts'
import { STRANGER } from './attend.ts'

export type Spot = Pick<Call, 'port' | 'verb' | 'target'> & { nth: number }

export interface Case {
  name: string
  spot: Spot
  fault: string
  rules: Rule[]
  trouble: 'right' | 'abort' | 'skip'
  /** A stranger's value is in the world: it need not be gone when the run leaves it to people. */
  isForeign: boolean
}

const KINDS: FailureKind[] = [
  'Config',
  'Denied',
  'Missing',
  'Rejected',
  'Unsupported',
  'Conflict',
  'Throttled',
  'Unavailable',
  'Bug',
]
const HANG_MS = 4_500 // longer than the I/O deadline of 4 s
const LATE_MS = 150 // within the 200 ms in which the simulator promises that writes land
const TRIES = 5 // of apply
const LASTING = 60 // calls: until it is lifted

const CHANGING = ['traffic', 'dns', 'capacity']

/** Every call once, in the order of their first occurrence; calls of the same name are told apart by number. */
export function spotsOf(calls: Call[]): Spot[] {
  const seen = new Map<string, number>()
  return calls.map(({ port, verb, target }) => {
    const name = port === 'notify' ? 'any' : target
    const key = `${port} ${verb} ${name}`
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return { port, verb, target: name, nth }
  })
}

/** How often looks happen is a matter of time: of each query, probe or proof only the first few calls are met. */
export function isSteady({ port, verb, nth }: Spot): boolean {
  return (CHANGING.includes(port) && verb !== 'confirm') || port === 'notify' || nth <= 3
}

export function casesOf(spots: Spot[]): Case[] {
  // Nobody can know of a write after the very last look.
  const isLast = (spot: Spot) => spot === spots.findLast((each) => nameOf(each) === nameOf(spot))
  return spots.flatMap((spot) => {
    const once = (name: string, fault: Fault) => caseOf(spot, name, [rule(spot, spot.nth, fault)])
    return [
      ...KINDS.map((kind) => once(kind, kind === 'Throttled' ? { kind, retryAfterMs: 300 } : { kind })),
      once('hang', { hang: HANG_MS }),
      ...(spot.verb === 'write' ? writesOf(spot) : []),
      ...(CHANGING.includes(spot.port) && spot.verb !== 'confirm' ? strangersOf(spot, isLast(spot)) : []),
    ]
  })
}

function writesOf(spot: Spot): Case[] {
  const from = (count: number, fault: Fault) =>
    Array.from({ length: count }, (_, at) => rule(spot, spot.nth + at, fault))
  const unavailable = { kind: 'Unavailable' } as const
  return [
    caseOf(spot, 'lostReply', from(1, { lostReply: true })),
    caseOf(spot, 'lostReply and hang', from(1, { lostReply: true, hang: HANG_MS })),
    caseOf(spot, 'landsLate', from(1, { landsLate: LATE_MS })),
    caseOf(spot, 'landsLate over anything', from(1, { landsLate: LATE_MS, blind: true })),
    caseOf(spot, 'ignored', from(1, { ignored: true })),
    caseOf(spot, 'given up, then lands', [
      ...from(TRIES - 1, unavailable),
      rule(spot, spot.nth + TRIES - 1, { landsLate: LATE_MS, blind: true }),
    ]),
    caseOf(spot, 'Unavailable for long', from(LASTING, unavailable)),
    caseOf(spot, 'Denied for long', from(LASTING, { kind: 'Denied' })),
  ]
}

function nameOf({ port, verb, target }: Spot): string {
  return `${port} ${verb} ${target}`
}

function strangersOf(spot: Spot, isLast: boolean): Case[] {
  const foreign = foreignValue(spot)
  const isFirstLook = spot.verb === 'observe' && spot.nth === 1 // what is there before is what the run begins with
  const moments = [
    ...(isFirstLook ? [] : (['before'] as const)),
    ...(isLast && spot.verb === 'observe' ? [] : (['after'] as const)),
  ]
  return moments.flatMap((moment) =>
    (['right', 'abort', 'skip'] as const).map((trouble) => ({
      ...caseOf(spot, `stranger ${moment}, people ${trouble}`, [
        rule(spot, spot.nth, { foreign, by: STRANGER, moment }),
      ]),
      trouble,
      isForeign: true,
    })),
  )
}

function caseOf(spot: Spot, fault: string, rules: Rule[]): Case {
  const name = `${spot.port} ${spot.verb} ${spot.target} #${spot.nth}: ${fault}`
  return { name, spot, fault, rules, trouble: 'right', isForeign: false }
}

function rule({ port, verb, target }: Spot, call: number, fault: Fault): Rule {
  return { when: { port, verb, call, ...(target === 'any' ? {} : { target }) }, fault }
}

function foreignValue({ port, target }: Spot): Json {
  switch (port as ChangingPort) {
    case 'traffic':
      return target.endsWith('mirror') ? { percent: 7 } : { old: 70, new: 30 }
    case 'dns':
      return { ttl: 7, values: ['192.0.2.77'] }
    case 'capacity':
      return { count: 9 }
  }
}

/** Every `stride`th case, wandering so that every call and every kind is met sooner or later. */
export function thinned(cases: Case[], stride: number): Case[] {
  return cases.filter((_, at) => at % stride === 0)
}
