// A write that is based on a look which no longer holds: said in the same words by every provider of DNS.
import type { RRset } from '../../workflows/ports/dns.ts'
import { failure } from '../failure.ts'
import { describeRRset } from './rrset.ts'

/** Conflict, with what stands there now. A DNS server does not tell who wrote it. */
export function outdated(record: { name: string; type: string }, seen: RRset, found: RRset): Error {
  return failure(
    'Conflict',
    `${record.name} ${record.type} is no longer as it was seen: expected ${describeRRset(seen)}, found ${describeRRset(found)}`,
    { details: { found, writer: null } },
  )
}
