// The clock of a run. One rule: it may set the length of a timer, never whether there is one.

/**
 * Milliseconds for a timer that is over at `moment`; at least 1, so that there always is one.
 *
 * A worker that has just taken over answers a query (`cutover status`) before its first task; it was seen to hand the
 * workflow newer events then, under the time of the last task (SDK 1.24, test/workflow/workers.test.ts, kill -9). What
 * compares the clock with something older so decides one thing now and another at the next replay: the run is wedged.
 */
export function leftUntil(moment: number): number {
  return Math.max(1, moment - Date.now())
}
