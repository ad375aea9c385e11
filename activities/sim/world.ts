// The simulated world as tests, `cutover test` and the demo hold it in their hands: open it, script it, compare it.
// The registry is module-level, the one exception in this code base: a worker that is ended and created anew in one process
// must find the world as it left it, as it would find a real one. Worlds are named, so that several live side by side.
import type { RRset } from '../../workflows/ports/dns.ts'
import type { ChangingPort, PortName } from '../../workflows/ports/index.ts'
import type { Notice } from '../../workflows/ports/notify.ts'
import { stranger } from './calls.ts'
import { cellOf, snapshot } from './cells.ts'
import { type Rule } from './fault.ts'
import { type Script, script } from './faults.ts'
import { freeze, thaw } from './readers.ts'
import { ORDINARY, addResolver, arrivals, resolve } from './resolvers.ts'
import { type Sampled, sample } from './sample.ts'
import { type Declared, type Parts, type Settings, adjust, declare, place } from './start.ts'
import type { Call, Clock, Fleet, Landed, SideState, WorldState } from './state.ts'
import { advance } from './time.ts'
import { newTimeline, total } from './timeline.ts'
import { counter } from './traffic.ts'

export interface World {
  readonly name: string
  now(): number
  /** Adds what is not there yet; what is there stays as it is. */
  place(parts: Parts): void
  /** Changes how the world behaves, from now on: errors, latency, health, request rates. */
  set(settings: Settings): void
  script(rules: Rule[]): Script
  /** A port does not answer until `end`. */
  outage(port: PortName): { end(): void }
  /** Somebody else writes a target, or only one other place of it. */
  stranger(write: Parameters<typeof stranger>[1]): void
  /** What a reconciler declares is another thing from now on, as after a commit. */
  declare(reconciler: string, declares: Declared[]): void
  /** Looks at a target answer what it holds now, until `end`; the world and its users move on. */
  freezeReader(of: { port: ChangingPort; target: string }): { end(): void }
  /** Everything a run may change, as canonical JSON. */
  snapshot(): string
  /** Every call of a port so far, oldest first. */
  calls(of?: Partial<Pick<Call, 'port' | 'verb' | 'target'>>): Call[]
  /** Every write that took effect, by whomever, oldest first. */
  landed(): Landed[]
  /** What people were told, each key once. */
  notices(): Notice[]
  totals(): Totals
  /** What would become of the next requests, one by one; nothing is counted. */
  sample(count: number, balancer?: string): Sampled[]
  /** What a resolver answers now. */
  resolve(resolver: string, record: string): RRset
  /** Address -> share (0 to 1) of the users of `record` that arrive there now. */
  arrivals(record: string): { [address: string]: number }
}

export interface Totals {
  /** What users asked, what they saw fail, and how much of that because no side was there for it. */
  users: { requests: number; failed: number; lost: number }
  /** What each side was asked, copies of the mirror included. */
  old: number
  new: number
}

const worlds = new Map<string, { state: WorldState; world: World }>()

/** The world of that name, made empty if it is not there yet. A clock can be given by the first to open it only. */
export function openWorld(name: string, clock?: Clock): World {
  const known = worlds.get(name)
  if (known !== undefined && clock !== undefined && clock !== known.state.clock) {
    throw new Error(`the world ${name} is open already and has a clock: forget it first`)
  }
  return entry(name, clock ?? { now: () => Date.now() }).world
}

/** Ends a world: the next one of that name starts anew. */
export function forgetWorld(name: string): void {
  worlds.delete(name)
}

/** For the ports of this simulator only: the state behind a world, opened when needed. */
export function enterWorld(name: string, clock: Clock): WorldState {
  return entry(name, clock).state
}

function entry(name: string, clock: Clock): { state: WorldState; world: World } {
  const known = worlds.get(name)
  if (known !== undefined) return known
  const state = emptyState(name, clock)
  const made = { state, world: worldOf(state) }
  worlds.set(name, made)
  return made
}

const ORDINARY_SIDE: SideState = {
  errorRatio: 0,
  latencyMs: 80,
  rpsPerInstance: 100,
  tunnels: 0,
  health: { status: 'ok', checks: { database: 'ok' } },
}

function emptyState(name: string, clock: Clock): WorldState {
  const now = clock.now()
  const state: WorldState = {
    name,
    clock,
    cursor: now,
    noise: 0,
    seed: 1,
    placed: new Set(),
    cells: new Map(),
    balancers: new Map(),
    entries: new Map(),
    reconcilers: new Map(),
    zones: new Set(),
    resolvers: new Map(),
    sides: { old: structuredClone(ORDINARY_SIDE), new: structuredClone(ORDINARY_SIDE) },
    fleets: { old: oneInstance(), new: oneInstance() },
    timeline: newTimeline(now),
    late: [],
    frozen: [],
    rules: [],
    outages: new Set(),
    calls: [],
    landed: [],
    notices: new Map(),
  }
  addResolver(state, ORDINARY, 0)
  return state
}

/** Without a capacity connection a side is simply there. */
function oneInstance(): Fleet {
  return { batches: [{ count: 1, readyAt: -Infinity }], warmUpMs: 0 }
}

function worldOf(state: WorldState): World {
  return {
    name: state.name,
    now: () => advance(state),
    place: (parts) => place(state, parts),
    set: (settings) => adjust(state, settings),
    script: (rules) => script(state, rules),
    outage(port) {
      const outage = { port }
      state.outages.add(outage)
      return { end: () => void state.outages.delete(outage) }
    },
    stranger: (write) => stranger(state, write),
    declare: (reconciler, declares) => declare(state, reconciler, declares),
    freezeReader({ port, target }) {
      advance(state)
      const cause = {}
      freeze(state, { cellKey: `${port} ${cellOf(state, { port, target }).target}`, until: Infinity, cause })
      return { end: () => thaw(state, [cause]) }
    },
    snapshot() {
      advance(state)
      return snapshot(state)
    },
    calls: (of = {}) =>
      state.calls.filter((call) =>
        Object.entries(of).every(([key, wanted]) => call[key as 'port' | 'verb' | 'target'] === wanted),
      ),
    landed() {
      advance(state)
      return [...state.landed]
    },
    notices: () => [...state.notices.values()],
    totals: () => totals(state),
    sample: (amount, balancer) => sample(state, amount, balancer),
    resolve(resolver, record) {
      advance(state)
      return resolve(state, resolver, record)
    },
    arrivals(record) {
      advance(state)
      const users = state.entries.get(record)
      if (users === undefined) throw new Error(`nobody in the world ${state.name} follows ${record}`)
      return arrivals(state, users)
    },
  }
}

function totals(state: WorldState): Totals {
  const now = advance(state)
  const of = (name: string) => total(state.timeline, name, now)
  return {
    users: { requests: of(counter.users), failed: of(counter.usersFailed), lost: of(counter.lost) },
    old: of(counter.requests('old')),
    new: of(counter.requests('new')),
  }
}
