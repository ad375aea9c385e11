// The fault matrix: from the calls of a run without trouble to one case per call and kind of failure.
import { changingFacts, changingPorts, partsOf } from '../../workflows/ports/facts.ts'
import type { Fault, Rule } from '../../activities/sim/fault.ts'
import type { Call } from '../../activities/sim/state.ts'
import type { FailureKind } from '../../workflows/failure.ts'
import type { Json } from '../../workflows/json.ts'
import { STRANGER } from './attend.ts'

export type Spot = Pick<Call, 'port' | 'verb' | 'target'> & { nth: number }

/** What a case is about: the summary counts by it. */
export type Dimension =
  | 'refused'
  | 'hangs'
  | 'reply lost'
  | 'ignored'
  | 'stranger'
  | 'shows late'
  | 'done in part'
  | 'reader frozen'
  | 'several places'

export interface Case {
  name: string
  dimension: Dimension
  spot: Spot
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
const SHOWS_MS = 300 // within the 500 ms in which the simulator promises that what it accepted shows
const TRIES = 5 // of apply
const LASTING = 60 // calls: until it is lifted

const CHANGING: string[] = changingPorts()

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
  return (CHANGING.includes(port) && !isEffect(verb)) || port === 'notify' || nth <= 3
}

/** A look at what comes of a target, not at the target. */
function isEffect(verb: Spot['verb']): boolean {
  return verb === 'confirm' || verb === 'count'
}

export function casesOf(spots: Spot[]): Case[] {
  // Nobody can know of a write after the very last look.
  const isLast = (spot: Spot) => spot === spots.findLast((each) => nameOf(each) === nameOf(spot))
  return spots.flatMap((spot) => {
    const once = (dimension: Dimension, name: string, fault: Fault) =>
      caseOf(spot, { dimension, name, rules: [rule(spot, spot.nth, fault)] })
    return [
      ...KINDS.map((kind) =>
        once('refused', kind, kind === 'Throttled' ? { kind, retryAfterMs: 300 } : { kind }),
      ),
      once('hangs', 'hang', { hang: HANG_MS }),
      ...(spot.verb === 'write' ? [...writesOf(spot), ...liesOf(spot)] : []),
      ...(CHANGING.includes(spot.port) && spot.verb === 'observe'
        ? [once('reader frozen', 'frozen for a moment', { frozen: SHOWS_MS })]
        : []),
      ...(CHANGING.includes(spot.port) && !isEffect(spot.verb) ? strangersOf(spot, isLast(spot)) : []),
    ]
  })
}

function writesOf(spot: Spot): Case[] {
  const from = (count: number, fault: Fault) =>
    Array.from({ length: count }, (_, at) => rule(spot, spot.nth + at, fault))
  const unavailable = { kind: 'Unavailable' } as const
  const of = (dimension: Dimension, name: string, rules: Rule[]) => caseOf(spot, { dimension, name, rules })
  return [
    of('reply lost', 'lostReply', from(1, { lostReply: true })),
    of('reply lost', 'lostReply and hang', from(1, { lostReply: true, hang: HANG_MS })),
    of('reply lost', 'landsLate', from(1, { landsLate: LATE_MS })),
    of('reply lost', 'landsLate over anything', from(1, { landsLate: LATE_MS, blind: true })),
    of('ignored', 'ignored', from(1, { ignored: true })),
    of('ignored', 'ignored every time', from(LASTING, { ignored: true })),
    of('reply lost', 'given up, then lands', [
      ...from(TRIES - 1, unavailable),
      rule(spot, spot.nth + TRIES - 1, { landsLate: LATE_MS, blind: true }),
    ]),
    ...KINDS.filter((kind) => kind !== 'Conflict' && kind !== 'Throttled').map((kind) =>
      of('refused', `${kind} for long`, from(LASTING, { kind })),
    ),
  ]
}

/** Writes that are accepted, and looks that follow them, of which something is not so. */
function liesOf(spot: Spot): Case[] {
  const from = (dimension: Dimension, writes: number) => (name: string, fault: Fault) =>
    caseOf(spot, {
      dimension,
      name,
      rules: Array.from({ length: writes }, (_, at) => rule(spot, spot.nth + at, fault)),
    })
  return [
    from('shows late', 1)('shows late', { showsLate: SHOWS_MS }),
    from('shows late', LASTING)('every write from here shows late', { showsLate: SHOWS_MS }),
    from('shows late', 1)('answered late, shows late', { showsLate: SHOWS_MS, hang: SHOWS_MS }),
    ...partsOf(foreignValue(spot)).map((half) => from('done in part', 1)(`only ${half}`, { half })),
    ...partsOf(foreignValue(spot)).map((half) =>
      from('done in part', LASTING)(`only ${half}, every time`, { half }),
    ),
    from('reader frozen', 1)('frozen for a moment', { frozen: SHOWS_MS }),
    from('reader frozen', 1)('frozen until somebody sees to it', { frozen: 'until lifted' }),
    from('several places', 1)('a file keeps the old', { elsewhere: 'keeps' }),
    from('several places', LASTING)('a file keeps the old, every time', { elsewhere: 'keeps' }),
    from('several places', 1)('a file follows late', { elsewhere: 'keeps', followsAfter: SHOWS_MS }),
    from('several places', 1)('a file alone gets it', { elsewhere: 'gets' }),
    from('several places', 1)('a file alone gets it, the rest late', {
      elsewhere: 'gets',
      followsAfter: SHOWS_MS,
    }),
    from('several places', 1)('a file alone gets it, Rejected', { elsewhere: 'gets', kind: 'Rejected' }),
    from('several places', 1)('a file alone gets it, Unavailable', {
      elsewhere: 'gets',
      kind: 'Unavailable',
    }),
    from('several places', 1)('all but a file get it, Denied', { elsewhere: 'keeps', kind: 'Denied' }),
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
      ...caseOf(spot, {
        dimension: 'stranger',
        name: `stranger ${moment}, people ${trouble}`,
        rules: [rule(spot, spot.nth, { foreign, by: STRANGER, moment })],
      }),
      trouble,
      isForeign: true,
    })),
  )
}

function caseOf(spot: Spot, of: Pick<Case, 'dimension' | 'name' | 'rules'>): Case {
  const name = `${spot.port} ${spot.verb} ${spot.target} #${spot.nth}: ${of.name}`
  return { ...of, name, spot, trouble: 'right', isForeign: false }
}

function rule({ port, verb, target }: Spot, call: number, fault: Fault): Rule {
  return { when: { port, verb, call, ...(target === 'any' ? {} : { target }) }, fault }
}

function foreignValue({ port, target }: Spot): Json {
  return changingFacts(port)?.strange(target) ?? null
}

/** Every `stride`th case, wandering so that every call and every kind is met sooner or later. */
export function thinned(cases: Case[], stride: number): Case[] {
  return cases.filter((_, at) => at % stride === 0)
}
