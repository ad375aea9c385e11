// Proves a split or a mirror by the requests that NGINX logged per upstream since the first look, while every worker that is
// asked serves what is desired.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { confirmShare, startCounting } from '../counted.ts'
import { countLog } from '../counted-log.ts'
import { fileFailure } from '../file-failure.ts'
import { confirmCopies } from '../mirrored.ts'
import type { Edge } from './control.ts'
import { type Look, servedValue } from './look.ts'

const MIRROR = 'mirror' // first word of a line of the mirror location

export async function confirmSplit(edge: Edge, { here, request }: Proof, io: Io): Promise<Confirmation> {
  const { old, new: fresh } = edge.config
  const { counters, cursor, why } = await count(edge, { here, request }, io)
  const sides = { old: [counters[old] ?? 0], new: [counters[fresh] ?? 0] }
  const desired = request.desired as Split
  const newSharePercent = (desired.new / (desired.old + desired.new)) * 100
  const confirmation =
    why === null
      ? confirmShare({ request, counters: sides, newSharePercent })
      : startCounting(request.desired, sides, why)
  return withCursor(confirmation, cursor)
}

export async function confirmMirror(edge: Edge, { here, request }: Proof, io: Io): Promise<Confirmation> {
  const { old, new: fresh } = edge.config
  const { counters, cursor, why } = await count(edge, { here, request }, io)
  const now = { served: [(counters[old] ?? 0) + (counters[fresh] ?? 0)], mirrored: [counters[MIRROR] ?? 0] }
  if (why !== null) return withCursor(startCounting(request.desired, now, why), cursor)
  return withCursor(confirmCopies(request, now), cursor)
}

export interface Proof {
  here: Look
  request: ConfirmRequest
}

async function count(edge: Edge, { here, request }: Proof, io: Io) {
  const { config } = edge
  const nameOf = (line: string): string | null => {
    const name = /^\S+/.exec(line)?.[0]
    return name === config.old || name === config.new || name === MIRROR ? name : null
  }
  const kept = request.memory?.['log']
  const log = await countLog(config.log, { kept, nameOf }, io.signal).catch((error: unknown) => {
    throw fileFailure(`counting requests in ${config.log}`, error, io.signal)
  })
  return { counters: log.counts, cursor: log.cursor, why: whyAnew(here, request, log) }
}

/** Why nothing that was counted up to now proves anything; null: it does. */
function whyAnew(
  here: Look,
  request: ConfirmRequest,
  log: { isNew: boolean; isBehind: boolean },
): string | null {
  const others = here.groups.slice(1).flatMap(({ workers }) => workers)
  if (others.length > 0)
    return `worker ${others.join(', ')} of before the reload still answers with another share`
  const served = servedValue(here)
  if (!matches(served, request.desired)) return `NGINX serves ${JSON.stringify(served)}, not as desired`
  if (log.isBehind) return 'the log has grown by more than one look reads'
  return log.isNew && request.memory !== undefined ? 'the log is another file than before' : null
}

function withCursor(confirmation: Confirmation, cursor: Confirmation['memory'] & object): Confirmation {
  return { ...confirmation, memory: { ...confirmation.memory, log: cursor } }
}
