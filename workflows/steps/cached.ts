// For how long caches may keep what is published of a record, as far as a look tells before the run. Pure.
import type { ValueOf } from '../plan.ts'
import type { DnsFacts, RRset } from '../ports/dns.ts'

/**
 * The TTL of a record, or what is behind an alias where that is kept for longer; of a name that does not exist, what its zone says.
 * A step before may have lowered the TTL of the record, never what is behind it.
 */
export function cachedMs(of: { connection: string; target: string }, seen: ValueOf): number {
  const { connection, target } = of
  const rrset = seen(connection, target) as RRset | undefined
  if (rrset === undefined) return 0
  const look = seen.look?.(connection, target)
  const { chainTtl = 0, negativeTtl = 0 }: DnsFacts = look?.facts ?? {}
  if (rrset.values.length === 0) return negativeTtl * 1_000
  const found = (look?.value as RRset | undefined)?.ttl ?? 0
  const behind = target.endsWith(' CNAME') && chainTtl > found ? chainTtl : 0
  return Math.max(rrset.ttl, behind) * 1_000
}
