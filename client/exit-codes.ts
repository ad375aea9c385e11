// Exit codes: the closed list that scripts rely on.
export const EXIT = {
  done: 0,
  /** Failed, and nothing was changed by it: a run that ended before its first change, and every other failure. */
  failed: 1,
  /** Wrong use or an invalid runbook: nothing was tried. */
  usage: 2,
  /** Aborted and restored. */
  aborted: 3,
  /** Stuck, or something was left to a person. */
  person: 4,
  /** Failed after something had been changed; all of it was put back. Users may have been moved and have come back. */
  restored: 5,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const
