// Exit codes: the closed list that scripts rely on.
export const EXIT = {
  done: 0,
  /** Failed and restored; also every other failure. */
  failed: 1,
  /** Wrong use or an invalid runbook: nothing was tried. */
  usage: 2,
  /** Aborted and restored. */
  aborted: 3,
  /** Stuck, or something was left to a person. */
  person: 4,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const
