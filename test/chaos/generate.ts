// A seed becomes a scenario: one of several orders of steps, one to three faults, people. Pure.
import { canary, prewarm } from './made.ts'
import { type Random, seeded } from './random.ts'
import {
  type Act,
  type Call,
  type ChaosStep,
  type Edge,
  type Fault,
  type LinkName,
  type Moment,
  type People,
  type Scenario,
  type Shape,
  backendsOf,
} from './scenario.ts'

/** The orders in which runbooks do things; capacity before, between and after what needs it. */
const ORDERS: ChaosStep[][] = [
  [prewarm(1), canary(25, 50), { kind: 'switch' }, { kind: 'hold' }],
  [prewarm(0.6), canary(50), prewarm(1), { kind: 'hold' }],
  [{ kind: 'ttl' }, { kind: 'repoint' }, prewarm(1), canary(50)],
  [prewarm(1), { kind: 'ttl' }, canary(50), { kind: 'repoint' }, { kind: 'switch' }],
  [{ kind: 'approve' }, prewarm(1), canary(30), { kind: 'switch' }],
  [prewarm(1), canary(50), { kind: 'approve' }, { kind: 'switch' }],
  [{ kind: 'switch' }, { kind: 'hold' }],
  [prewarm(0.6), { kind: 'ttl' }, { kind: 'repoint' }, prewarm(1), { kind: 'hold' }],
  [{ kind: 'shadow' }, prewarm(1), canary(20, 60), { kind: 'switch' }],
  [canary(25), prewarm(1), canary(75), { kind: 'approve' }, { kind: 'hold' }],
  [prewarm(1), canary(50), { kind: 'ttl' }, { kind: 'repoint' }, { kind: 'hold' }],
]

/** What came later, drawn beside the others: the first for edges that lead members. */
const COHORTS: ChaosStep[][] = [
  [{ kind: 'cohort' }, canary(50), { kind: 'hold' }],
  [prewarm(1), { kind: 'cohort' }, canary(30), { kind: 'switch' }, { kind: 'drain' }],
]
const DRAINS: ChaosStep[][] = [
  [prewarm(1), canary(50), { kind: 'switch' }, { kind: 'drain' }],
  [{ kind: 'switch' }, { kind: 'drain' }, { kind: 'hold' }],
]
const EDGES: Edge[] = ['haproxy', 'envoy', 'nginx', 'traefik', 'caddy']
const LEADERS: Edge[] = ['haproxy', 'envoy', 'nginx']
const MIRRORS: Edge[] = ['envoy', 'nginx', 'traefik']
const BY_SHARE: Edge[] = ['nginx', 'traefik', 'caddy'] // of all the users they know one value alone: that of the run

/** Values that no runbook here ever sets; the last one only where weights stay as they are written. */
const SPLITS = [
  { old: 61, new: 39 },
  { old: 88, new: 12 },
  { old: 33, new: 67 },
  { old: 0, new: 77 },
]
const NEARLY_ALL = { old: 9, new: 91 }

export function scenarioOf(seed: number): Scenario {
  const random = seeded(seed)
  random.int(0, 1) // the first numbers of neighbouring seeds resemble each other
  const shape = shapeOf(random)
  const faults = random.pick([1, 1, 2, 2, 2, 3])
  const acts = Array.from({ length: faults }, () => actOf(random, shape))
  if (random.chance(0.5)) acts.push(abortBeside(random, acts[0] as Act))
  return { name: `seed ${seed}`, seed, shape, acts, people: peopleOf(random) }
}

function shapeOf(random: Random): Shape {
  const steps = random.pick([...ORDERS, ...DRAINS, ...COHORTS])
  const has = (kind: ChaosStep['kind']): boolean => steps.some((step) => step.kind === kind)
  const edge = random.pick(has('cohort') ? LEADERS : has('shadow') ? MIRRORS : EDGES)
  return { edge, zone: random.pick(['bind', 'powerdns']), steps }
}

function actOf(random: Random, shape: Shape): Act {
  const what = faultOf(random, shape)
  return { when: momentOf(random, what), what }
}

const KINDS = [
  ...Array<'kill'>(3).fill('kill'),
  ...Array<'stop'>(3).fill('stop'),
  'deploy',
  ...Array<'toxic'>(6).fill('toxic'),
  ...Array<'foreign'>(6).fill('foreign'),
  'neighbour',
  'errors',
  'unready',
  ...Array<'reset'>(2).fill('reset'),
] as const

function faultOf(random: Random, shape: Shape): Fault {
  const kind = random.pick(KINDS)
  const involved = backendsOf(shape)
  switch (kind) {
    case 'kill':
    case 'stop':
      return {
        kind,
        server: random.pick(['worker', 'worker', 'temporal', 'prometheus', ...involved]),
        forMs: random.int(200, 4_000),
      }
    case 'toxic': {
      const linked = involved.filter((each) => each !== 'caddy')
      const link = random.pick<LinkName>([...linked, ...linked, 'fleet', 'prometheus', 'temporal'])
      return { kind, link, toxic: toxicOf(random), forMs: random.int(500, 5_000) }
    }
    case 'foreign':
      return foreignOf(random, shape)
    case 'errors':
      return { kind, forMs: 8_000 } // long enough for three bad looks over a window of five seconds
    case 'unready':
      return { kind, side: random.pick(['old', 'new']), forMs: random.int(1_000, 5_000) }
    case 'reset':
      return { kind, tasks: random.int(1, 12) }
    case 'neighbour':
      return shape.edge === 'envoy' ? { kind } : { kind: 'deploy' }
    case 'deploy':
      return { kind }
    default:
      return kind satisfies never
  }
}

function toxicOf(random: Random) {
  const ms = random.int(200, 3_000)
  return random.pick([
    { kind: 'cut' as const },
    { kind: 'slow' as const, ms },
    { kind: 'mute' as const },
    { kind: 'late' as const, ms },
  ])
}

function foreignOf(random: Random, shape: Shape): Fault {
  const kinds = new Set(shape.steps.map(({ kind }) => kind))
  const targets: Fault[] = []
  if (kinds.has('canary') || kinds.has('switch')) {
    const picked = random.pick(SPLITS)
    const value = picked.old === 0 && BY_SHARE.includes(shape.edge) ? NEARLY_ALL : picked
    targets.push({ kind: 'foreign', target: 'edge split', value })
  }
  if (kinds.has('cohort'))
    targets.push({ kind: 'foreign', target: 'edge cohort', value: { users: ['mallory'] } })
  if (kinds.has('repoint'))
    targets.push({ kind: 'foreign', target: 'zone record', value: { ttl: 3, values: 'both' } })
  if (kinds.has('prewarm'))
    targets.push({ kind: 'foreign', target: 'fleet new', value: { count: random.int(4, 6) } })
  return random.pick(targets)
}

const CALLS: Call[] = [
  'claim',
  'observe',
  'observe',
  'apply',
  'apply',
  'apply',
  'confirm',
  'watch',
  'restore',
  'restore',
]

function momentOf(random: Random, what: Fault): Moment {
  const calls = what.kind === 'reset' ? CALLS.filter((call) => call !== 'claim') : CALLS
  const call = random.pick(calls)
  return {
    on: random.pick(['scheduled', 'ended']),
    call,
    nth: call === 'claim' ? 1 : random.int(1, call === 'restore' ? 2 : 4),
    plusMs: random.chance(0.4) ? 0 : random.int(0, 1_200),
  }
}

/** Before, during or after another fault, or at a moment of its own. */
function abortBeside(random: Random, { when }: Act): Act {
  const what: Fault = { kind: 'abort', via: random.pick(['update', 'update', 'signal', 'cancel']) }
  if (when.call === 'restore' || random.chance(0.4)) {
    const call = random.pick<Call>(['apply', 'confirm', 'watch', 'observe'])
    return {
      when: {
        on: random.pick(['scheduled', 'ended']),
        call,
        nth: random.int(1, 3),
        plusMs: random.int(0, 900),
      },
      what,
    }
  }
  const plusMs = Math.max(0, when.plusMs + random.pick([-300, 0, 50, 400, 1_500]))
  return { when: { ...when, plusMs }, what }
}

function peopleOf(random: Random): People {
  return {
    approvalAfterMs: random.pick([0, 300, 1_500]),
    patienceMs: random.pick([1_500, 1_500, 6_000]), // with more, what can answer itself does
    drift: random.pick(['approve', 'put back', 'abort']),
    restore: random.pick(['put back', 'put back', 'skip']),
    evidence: random.pick(['retry', 'retry', 'approve', 'abort']),
  }
}
