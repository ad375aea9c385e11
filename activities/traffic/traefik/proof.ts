// Proves a split and a mirror by the requests that Traefik counted per service since the first look.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { confirmShare, countedSince, judgeShare, startCounting, total } from '../counted.ts'
import { confirmCopies } from '../mirrored.ts'
import { requestsPerService } from '../../traefik/api.ts'
import { type Edge, type Look, apiOf, sharingOf } from './look.ts'

export async function confirm(edge: Edge, here: Look, { request, io }: Proof): Promise<Confirmation> {
  const { config } = edge
  const { old, new: fresh, shadow } = config
  const names = [old, fresh, ...(shadow === undefined ? [] : [shadow])]
  const [counts, sharing] = await Promise.all([
    requestsPerService(apiOf(edge, io), names),
    sharingOf(edge, io),
  ])
  const sides = { old: [counts[old] ?? 0], new: [counts[fresh] ?? 0] }
  const copies = { served: [sides.old[0]! + sides.new[0]!], mirrored: [counts[shadow ?? ''] ?? 0] }
  const counters = request.target === 'mirror' ? copies : sides
  if (!matches(here.value, request.desired)) {
    const why = `Traefik serves ${JSON.stringify(here.value)}, not as desired`
    return startCounting(request.desired, counters, why)
  }
  const confirmation =
    request.target === 'mirror'
      ? confirmCopies(request, copies)
      : judgeSplit(request as ConfirmRequest<Split>, { sides, isShared: sharing.length > 0 })
  if (sharing.length === 0) return confirmation
  return { ...confirmation, lines: [...confirmation.lines, `counted with others: ${sharing.join(', ')}`] }
}

export interface Proof {
  request: ConfirmRequest
  io: Io
}

/** Counters that hold requests of others say nothing of single ones: a side at 0 % cannot be seen to get none. */
function judgeSplit(
  request: ConfirmRequest<Split>,
  { sides, isShared }: { sides: { old: number[]; new: number[] }; isShared: boolean },
): Confirmation {
  const { old, new: fresh } = request.desired
  const newSharePercent = (fresh / (old + fresh)) * 100
  if (!isShared) return confirmShare({ request, counters: sides, newSharePercent })
  const counted = countedSince(request, sides)
  if (counted === null) return startCounting(request.desired, sides)
  return judgeShare(request, { old: total(counted.old), new: total(counted.new) }, newSharePercent)
}
