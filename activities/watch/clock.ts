// What time it is for a watch: the server's time, never this machine's. Pure.

/** Kept in the heartbeat beside the counters: when the last look ended and when the next one was asked for. */
export type LastLook = { endedAt: number; dueAt: number }

const LAG_MS_MAX = 1_000 // a stamp this close to the end of the last look is that end, not the time of this look

/**
 * `stamp` is when the server says that it scheduled this attempt. The dev server (CLI 1.9.1) means the moment it was due; the
 * time-skipping server (1.40.0) means the moment the attempt before failed, one whole interval ago (measured: 3 s
 * delays, stamps 3 s behind). There the delay that was asked for tells the time. Anywhere else the stamp stands, also when
 * somebody has made an attempt come early by hand: a gate must not open before its time.
 */
export function serverTime(stamp: number, last: LastLook | null): number {
  if (last === null || stamp > last.endedAt + LAG_MS_MAX) return stamp
  return Math.max(stamp, last.dueAt)
}
