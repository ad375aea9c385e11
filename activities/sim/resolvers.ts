// Resolvers and the users behind them: answers stay cached for their TTL, so a changed record reaches users late, in parts.
// A resolver that nobody configured behaves like the ordinary one, `*`, which has been asked since the world began.
import { sameJson } from '../../workflows/json.ts'
import type { RRset } from '../../workflows/ports/dns.ts'
import { type PlainType, joined, partsOf } from '../dns/rrset.ts'
import type { Cached, Entry, Resolver, WorldState } from './state.ts'

export const ORDINARY = '*'
export const NEGATIVE_TTL_SECONDS = 5 // how long "there is no such name" is believed; zones usually say minutes, drills are shorter
const LINKS_MAX = 8 // aliases behind each other; resolvers give up soon after
const NOTHING: RRset = { ttl: 0, values: [] }

/** What the authority answers: for an address of a name that is one target with its alias, what stands in it or behind it. */
export function authoritative(state: WorldState, record: string, links = 0): RRset {
  const [name = '', type = ''] = record.split(' ')
  const whole = type === 'A' || type === 'AAAA' ? cellValue(state, `${name} CNAME`) : NOTHING
  if (whole.values.length === 0) return cellValue(state, record)
  const { CNAME: alias, ...addresses } = partsOf('CNAME', whole)
  if (alias === undefined) return joined(type as PlainType, addresses)
  if (links >= LINKS_MAX) return NOTHING
  const behind = authoritative(state, `${alias.values[0]} ${type}`, links + 1)
  return behind.values.length === 0 ? NOTHING : { ...behind, ttl: Math.min(alias.ttl, behind.ttl) }
}

/** For how long a cache keeps the record or something on the way to its end. */
export function chainTtl(state: WorldState, record: string, links = 0): number {
  const [name = '', type = ''] = record.split(' ')
  const whole = cellValue(state, `${name} CNAME`)
  const alias = partsOf('CNAME', whole).CNAME
  if (alias === undefined || links >= LINKS_MAX) return authoritative(state, record).ttl
  const asked = type === 'CNAME' ? ['A', 'AAAA'] : [type]
  return Math.max(alias.ttl, ...asked.map((each) => chainTtl(state, `${alias.values[0]} ${each}`, links + 1)))
}

function cellValue(state: WorldState, record: string): RRset {
  return (state.cells.get(`dns ${record}`)?.value as RRset | undefined) ?? NOTHING
}

/** What a resolver answers now, with the TTL that is left in its cache. */
export function resolve(state: WorldState, address: string, record: string): RRset {
  const cached = cacheOf(state, address).cache.get(record)
  if (cached === undefined) return authoritative(state, record)
  return {
    ttl: Math.max(0, Math.ceil((cached.expiresAt - state.cursor) / 1_000)),
    values: cached.rrset.values,
  }
}

/** Address -> share (0 to 1) of an entry's users that arrive there now. */
export function arrivals(state: WorldState, entry: Entry): { [address: string]: number } {
  const shares: { [address: string]: number } = {}
  const all = Object.values(entry.through).reduce((sum, share) => sum + share, 0)
  for (const [resolver, share] of Object.entries(entry.through)) {
    const { values } =
      cacheOf(state, resolver).cache.get(entry.record)?.rrset ?? authoritative(state, entry.record)
    for (const address of values) shares[address] = (shares[address] ?? 0) + share / all / values.length
  }
  return shares
}

/** A record that is new to the world is in every cache at once: people have asked for it all along. */
export function fillCaches(state: WorldState, record: string): void {
  for (const resolver of state.resolvers.values())
    store(resolver, record, fetched(state, record, { resolver, at: state.cursor }))
}

/** A resolver that joins late has been asked all along, too. */
export function addResolver(state: WorldState, address: string, minTtlSeconds: number): void {
  if (state.resolvers.has(address)) return
  const resolver: Resolver = { minTtlSeconds, cache: new Map() }
  state.resolvers.set(address, resolver)
  for (const cell of state.cells.values()) {
    if (cell.port === 'dns')
      store(resolver, cell.target, fetched(state, cell.target, { resolver, at: state.cursor }))
  }
}

/** Caches that hold something else than the authority says, and run out by `to`: the moments at which users move. */
export function staleMoments(state: WorldState, to: number): { at: number; refresh(): void }[] {
  const moments: { at: number; refresh(): void }[] = []
  for (const resolver of state.resolvers.values()) {
    for (const [record, cached] of resolver.cache) {
      if (cached.expiresAt > to || sameJson(cached.rrset, authoritative(state, record))) continue
      const at = cached.expiresAt
      moments.push({ at, refresh: () => store(resolver, record, fetched(state, record, { resolver, at })) })
    }
  }
  return moments
}

/** Caches that ran out and were filled with the same again, as often as needed to be fresh at `to`. */
export function renewCaches(state: WorldState, to: number): void {
  for (const resolver of state.resolvers.values()) {
    for (const cached of resolver.cache.values()) {
      if (cached.expiresAt > to) continue
      const lifetime = lifetimeMs(cached.rrset, resolver)
      const missed = lifetime === 0 ? 0 : Math.floor((to - cached.expiresAt) / lifetime) + 1
      cached.expiresAt = lifetime === 0 ? to : cached.expiresAt + missed * lifetime
    }
  }
}

function fetched(state: WorldState, record: string, by: { resolver: Resolver; at: number }): Cached {
  const rrset = authoritative(state, record)
  return { rrset, expiresAt: by.at + lifetimeMs(rrset, by.resolver) }
}

function lifetimeMs(rrset: RRset, resolver: Resolver): number {
  const ttl = rrset.values.length === 0 ? NEGATIVE_TTL_SECONDS : rrset.ttl
  return Math.max(ttl, resolver.minTtlSeconds) * 1_000
}

function store(resolver: Resolver, record: string, cached: Cached): void {
  resolver.cache.set(record, cached)
}

function cacheOf(state: WorldState, address: string): Resolver {
  return (state.resolvers.get(address) ?? state.resolvers.get(ORDINARY)) as Resolver
}
