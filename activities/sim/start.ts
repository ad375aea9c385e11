// How a world begins and what may be turned while it runs. Start values hold once: who connects again resets nothing.
import type { Json } from '../../workflows/json.ts'
import { type Capacity, capacityOf } from '../../workflows/ports/capacity.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import type { ChangingPort } from '../../workflows/ports/index.ts'
import { RECONCILING } from '../../workflows/ports/reconciler.ts'
import { COHORT, MIRROR, SPLIT, STABLE, stableIs } from '../../workflows/ports/traffic.ts'
import { resize } from './capacity.ts'
import { place as placeCell } from './cells.ts'
import { addResolver, fillCaches } from './resolvers.ts'
import { type Entry, SIDES, type Side, type SideState, type WorldState } from './state.ts'
import { advance, touched } from './time.ts'

export interface Parts {
  balancers?: {
    [name: string]: { old: number; new: number; mirror?: number; memberShare?: number; rps?: number }
  }
  /** Instances that are there and ready; later ones are ready after the warm-up. */
  /** `floors`: of the autoscalers, where a side has one. */
  capacity?: { old: number; new: number; warmUpMs?: number; floors?: { [S in Side]?: number | undefined } }
  sides?: { [S in Side]?: Partial<SideState> }
  /** Relative spread of readings (0 to 1) and what it is drawn from. */
  noise?: { share: number; seed: number }
  /** Who put back what they declare, from the start on. */
  reconcilers?: { [name: string]: { declares: Declared[]; everyMs: number; takesMs: number } }
  zones?: { [zone: string]: { [record: string]: RRset } }
  /** Resolvers that keep answers longer than they should; ordinary ones need no mention. */
  resolvers?: { [address: string]: { minTtlSeconds: number } }
  /** Users who find a side by DNS alone. */
  entries?: Entry[]
}

export interface Declared {
  port: ChangingPort
  target: string
  value: Json
}

export interface Settings {
  old?: Partial<SideState>
  new?: Partial<SideState>
  /** Balancer -> requests per second. */
  rps?: { [balancer: string]: number }
  /** How long instances that are started from now on need. */
  warmUpMs?: number
}

const RPS = 100 // the request rate of a balancer that names none: enough samples within seconds

export function place(state: WorldState, parts: Parts): void {
  advance(state)
  for (const [name, start] of Object.entries(parts.balancers ?? {})) {
    once(state, `balancer ${name}`, () => {
      state.balancers.set(name, { rps: start.rps ?? RPS, memberShare: start.memberShare ?? 0 })
      placeCell(state, {
        port: 'traffic',
        target: `${name} ${SPLIT}`,
        alias: SPLIT,
        value: { old: start.old, new: start.new },
      })
      placeCell(state, {
        port: 'traffic',
        target: `${name} ${MIRROR}`,
        alias: MIRROR,
        value: { percent: start.mirror ?? 0 },
      })
      placeCell(state, {
        port: 'traffic',
        target: `${name} ${COHORT}`,
        alias: COHORT,
        value: { users: [] },
      })
      placeCell(state, {
        port: 'traffic',
        target: `${name} ${STABLE}`,
        alias: STABLE,
        value: stableIs('old'),
      })
    })
  }
  if (parts.capacity !== undefined) placeFleets(state, parts.capacity)
  for (const side of SIDES) {
    for (const [field, value] of Object.entries(parts.sides?.[side] ?? {})) {
      once(state, `side ${side} ${field}`, () => Object.assign(state.sides[side], { [field]: value }))
    }
  }
  if (parts.noise !== undefined) placeNoise(state, parts.noise)
  for (const [address, { minTtlSeconds }] of Object.entries(parts.resolvers ?? {})) {
    addResolver(state, address, minTtlSeconds)
  }
  for (const [zone, records] of Object.entries(parts.zones ?? {})) {
    state.zones.add(zone)
    for (const [target, rrset] of Object.entries(records)) {
      placeRecord(state, target, rrset)
    }
  }
  for (const [name, { declares, everyMs, takesMs }] of Object.entries(parts.reconcilers ?? {})) {
    once(state, `reconciler ${name}`, () => {
      state.reconcilers.set(name, { declares: declares.map(keyed), everyMs, takesMs, since: state.cursor })
      placeCell(state, {
        port: 'reconciler',
        target: `${name} ${RECONCILING}`,
        alias: RECONCILING,
        value: { suspended: false },
      })
    })
  }
  for (const users of parts.entries ?? []) {
    once(state, `entry ${users.record}`, () => state.entries.set(users.record, users))
  }
  touched(state)
}

export function declare(state: WorldState, name: string, declares: Declared[]): void {
  advance(state)
  const known = state.reconcilers.get(name)
  if (known === undefined) throw new Error(`there is no reconciler ${name} in the world ${state.name}`)
  known.declares = declares.map(keyed)
}

function keyed({ port, target, value }: Declared): { cellKey: string; value: Json } {
  return { cellKey: `${port} ${target}`, value }
}

export function adjust(state: WorldState, settings: Settings): void {
  advance(state)
  for (const side of SIDES) {
    Object.assign(state.sides[side], settings[side])
    // A connection that comes later must not set it back to its start value.
    for (const field of Object.keys(settings[side] ?? {})) state.placed.add(`side ${side} ${field}`)
  }
  for (const [name, rps] of Object.entries(settings.rps ?? {})) {
    const balancer = state.balancers.get(name)
    if (balancer === undefined) throw new Error(`there is no balancer ${name} in the world ${state.name}`)
    balancer.rps = rps
  }
  const { warmUpMs } = settings
  if (warmUpMs !== undefined) for (const side of SIDES) state.fleets[side].warmUpMs = warmUpMs
  touched(state)
}

/** A record set that is new to the world is in every cache at once. */
export function placeRecord(state: WorldState, target: string, rrset: RRset): void {
  if (placeCell(state, { port: 'dns', target, value: rrset })) fillCaches(state, target)
}

function placeFleets(state: WorldState, start: NonNullable<Parts['capacity']>): void {
  for (const side of SIDES) {
    once(state, `fleet ${side}`, () => {
      const fleet = state.fleets[side]
      const count = start[side]
      const follow = (value: Json, at: number) => resize(fleet, (value as Capacity).count, at)
      const value = capacityOf(count, start.floors?.[side])
      const isNew = placeCell(state, { port: 'capacity', target: side, value, follow })
      fleet.warmUpMs = start.warmUpMs ?? 0
      if (isNew) fleet.batches = count === 0 ? [] : [{ count, readyAt: -Infinity }]
    })
  }
}

function placeNoise(state: WorldState, noise: NonNullable<Parts['noise']>): void {
  once(state, 'noise', () => {
    state.noise = noise.share
    state.seed = noise.seed
  })
}

function once(state: WorldState, key: string, begin: () => void): void {
  if (state.placed.has(key)) return
  state.placed.add(key)
  begin()
}
