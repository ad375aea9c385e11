// What was agreed to: the digest a person gives must name the present plan over the present world, else it is said what
// has changed since they reviewed it.
import type { Plan } from '../../workflows/plan.ts'
import type { TemporalAccess } from '../../view/access.ts'
import { Problem, usageProblem } from '../problem.ts'
import { type Changed, changedText } from '../runbook/changed.ts'
import { type Reviewed, changedSinceReview, findReviewed } from '../runbook/reviewed.ts'

const DIGEST_LENGTH_MIN = 8 // shorter ones could be met by accident
const SHOWN = 12 // digits of a digest in messages

/** As `plan` prints it, or its beginning. */
export function digestOfFlag(text: string): string {
  const digest = text.toLowerCase()
  if (digest.length >= DIGEST_LENGTH_MIN) return digest
  throw usageProblem(`--plan ${text} is too short`, [
    `give at least ${DIGEST_LENGTH_MIN} digits of the digest`,
  ])
}

type Agreeing = {
  file: string
  /** What the file says now, without and with what the targets hold. */
  runbook: Plan
  present: Plan
}

/** `world`: the digest names runbook and world. `runbook`: it was made offline and says nothing of the world. */
export async function matchDigest(
  access: TemporalAccess,
  digest: string,
  { file, runbook, present }: Agreeing,
): Promise<'world' | 'runbook'> {
  if (present.digest.startsWith(digest)) return 'world'
  if (runbook.digest.startsWith(digest)) return 'runbook'
  const reviewed = await findReviewed(access, { service: runbook.service, digest })
  const changes = reviewed === null ? [] : changedSinceReview(reviewed, present)
  throw new Problem({
    what: `${file} is no longer the plan ${digest.slice(0, SHOWN)}`,
    why: `it resolves to ${present.digest.slice(0, SHOWN)} now: ${whatChanged(reviewed, changes)}`,
    todo: [`cutover plan ${file}   shows the present plan; review it, then start with its digest`],
    facts: { code: 'plan-changed', digest: present.digest, wanted: digest, changes },
  })
}

function whatChanged(reviewed: Reviewed | null, changes: Changed[]): string {
  if (reviewed === null) {
    return (
      'the runbook, or what its targets hold, has changed since it was reviewed. What it was then is not known: no plan ' +
      'with this digest was made on this server, or it is older than the server remembers'
    )
  }
  if (changes.length === 0)
    return 'a default of this version of cutover differs from that of the version it was reviewed with'
  return [`since it was reviewed (${reviewed.at.toISOString()})`, ...changes.map(changedText)].join('\n')
}
