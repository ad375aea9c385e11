// Proves a split by the requests that each server was given since the first look at the weights that are wanted.
import { matches } from '../../../workflows/json.ts'
import type { Confirmation, ConfirmRequest, Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { type SideCounters, type Server, confirmShare, startCounting } from '../counted.ts'
import { isTakenOut, isUsable, statusOf } from './cautions.ts'
import { type Edge, type Look, look, servedElsewhere } from './look.ts'
import { strayOn } from './shared.ts'
import { newShare, splitOf } from './weights.ts'

export async function confirmSplit(
  edge: Edge,
  request: ConfirmRequest<Split>,
  io: Io,
): Promise<Confirmation> {
  const { sides } = edge
  const now = await look(edge, request.target, io)
  const counters: SideCounters = { old: requests(now, sides.old), new: requests(now, sides.new) }
  if (!matches(splitOf(now.weights, sides), request.desired)) {
    const why = `weights are ${JSON.stringify(now.weights)}, not as desired`
    return startCounting(request.desired, counters, why)
  }
  const elsewhere = servedElsewhere(now, sides)
  if (elsewhere.length > 0) {
    const words = elsewhere.map(({ place, value }) => `${place} has ${JSON.stringify(value)}`)
    return startCounting(request.desired, counters, words.join('; '))
  }
  const stray = await strayOn(edge, { own: now.cli, desired: request.desired }, io)
  if (stray.length > 0) return startCounting(request.desired, counters, stray.join('; '))
  const servers = { old: serversOf(now, sides.old), new: serversOf(now, sides.new) }
  const newSharePercent = newShare(now.weights, sides)
  const confirmation = confirmShare({ request, counters, newSharePercent, servers })
  return { ...confirmation, lines: [...confirmation.lines, ...notesOn(now, [...sides.old, ...sides.new])] }
}

/** A backup is not asked while another server can be, and what a person took out is not to serve: both are told instead. */
function serversOf({ stats, weights }: Look, names: string[]): Server[] {
  return names.map((name) => {
    const isMeant = (weights[name] ?? 0) > 0 && stats[name]?.isBackup !== true
    return { name, serves: isMeant && !isTakenOut(stats[name]) }
  })
}

function notesOn({ stats, weights }: Look, names: string[]): string[] {
  return names.flatMap((name) => {
    const server = stats[name]
    if (server === undefined) return [`${name} is gone`]
    if (!isUsable(server)) return [`${name} is ${statusOf(server)}`]
    return server.isBackup && (weights[name] ?? 0) > 0 ? [`${name} is a backup server`] : []
  })
}

function requests(now: Look, names: string[]): number[] {
  return names.map((name) => now.stats[name]?.requestsTotal ?? 0)
}
