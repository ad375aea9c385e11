// How many users a run has moved, and for how long: from what it has written to the splits of its edges and taken back. Pure.
import { SPLIT } from '../workflows/ports/traffic.ts'
import type { Split } from '../workflows/ports/traffic.ts'
import type { RunState } from '../workflows/run/state.ts'

/** Of one edge: shares of the new side in percent, times as ISO 8601 texts. */
export type MovedUsers = {
  edge: string
  /** The largest share that it served. */
  peak: number
  /** The share that it serves at the end, as far as this run knows. */
  last: number
  /** Since when it served any. */
  from: string
  /** Since when the old side serves everybody again; null = it does not. */
  backAt: string | null
  /** How long the new side served users, until it was left or until `until`. */
  servedMs: number
}

type Moment = { at: number; share: number }

/** `until`: the end of the run, or the present. */
export function movedUsers(state: RunState, until: number): MovedUsers[] {
  const edges = new Set(state.changes.filter(isSplit).map(({ connection }) => connection))
  return [...edges].flatMap((edge) => {
    const moments = momentsOf(state, edge)
    const first = moments.find(({ share }) => share > 0)
    const last = moments.at(-1)
    if (first === undefined || last === undefined) return []
    const servedMs = moments.reduce((sum, { at, share }, index) => {
      const end = moments[index + 1]?.at ?? until
      return share > 0 ? sum + Math.max(0, end - at) : sum
    }, 0)
    return [
      {
        edge,
        peak: Math.max(...moments.map(({ share }) => share)),
        last: last.share,
        from: new Date(first.at).toISOString(),
        backAt: last.share === 0 ? new Date(last.at).toISOString() : null,
        servedMs,
      },
    ]
  })
}

function isSplit({ target, status }: RunState['changes'][number]): boolean {
  return target === SPLIT && status !== 'noop' && status !== 'intended'
}

function momentsOf({ changes, restorations }: RunState, edge: string): Moment[] {
  const written = changes
    .filter((change) => isSplit(change) && change.connection === edge)
    .map(({ at, appliedAt, desired }) => ({ at: appliedAt ?? at, share: shareOf(desired as Split) }))
  const back = restorations
    .filter(
      ({ connection, target, status }) => connection === edge && target === SPLIT && status === 'restored',
    )
    .map(({ at, before }) => ({ at: at ?? 0, share: shareOf(before as Split) }))
  return [...written, ...back].toSorted((one, other) => one.at - other.at)
}

function shareOf({ old, new: fresh }: Split): number {
  const all = old + fresh
  return all === 0 ? 0 : (fresh / all) * 100
}
