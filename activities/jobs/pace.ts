// How fast a job goes: what it may at most, and what it does. Pure arithmetic over moments in ms.

const WINDOW_MS = 30_000 // what was done before says little about now

export type Speed = { perSecond: number | null; leftMs: number | null }

/** Milliseconds to wait before the next piece, which may begin so many times a second. */
export function pauseMs(perSecond: number | null, piece: { startedAt: number; endedAt: number }): number {
  return perSecond === null ? 0 : Math.max(0, 1_000 / perSecond - (piece.endedAt - piece.startedAt))
}

/** The speed of the last half minute, and how long the rest takes at it; nulls while nothing is known. */
export function createSpeedometer(): (now: { at: number; done: number; total: number | null }) => Speed {
  const seen: { at: number; done: number }[] = []
  return ({ at, done, total }) => {
    seen.push({ at, done })
    while (seen.length > 2 && (seen[1] as { at: number }).at <= at - WINDOW_MS) seen.shift()
    const first = seen[0] as { at: number; done: number }
    const perSecond =
      at > first.at && done > first.done ? ((done - first.done) * 1_000) / (at - first.at) : null
    const leftMs = perSecond === null || total === null ? null : ((total - done) * 1_000) / perSecond
    return { perSecond, leftMs }
  }
}
