// Whether a plan may be carried out here: it is the one that people agreed to, and this worker has what it needs. Looked at
// once, before anything is claimed; the workflow itself cannot compute a hash. No I/O.
import { createHash } from 'node:crypto'
import { digested } from '../../workflows/found.ts'
import { canonicalJson } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import type { Connector } from '../connect.ts'
import { failure } from '../failure.ts'

const DIGITS_SHOWN = 12 // as everywhere where a digest is shown

/** Raises Config: another plan than its digest names, or a connection that this worker does not know how to use. */
export function demandAgreed(plan: Plan, { portOf }: Pick<Connector, 'portOf'>): void {
  const digest = createHash('sha256')
    .update(canonicalJson(digested(plan)), 'utf8')
    .digest('hex')
  if (digest !== plan.digest) {
    throw failure(
      'Config',
      `the plan is not the one that was agreed to: it names digest ${short(plan.digest)}, its content has ${short(digest)}; ` +
        'start runs with cutover start, which makes the digest of what it sends',
    )
  }
  for (const connection of Object.values(plan.connections)) portOf(connection, connection.port)
}

function short(digest: string): string {
  return digest.slice(0, DIGITS_SHOWN)
}
