// What stands in the way of reading a run or of saying something to it: what and why in words, and the facts by stable
// names. What to do about it depends on who tells it (the CLI has commands, a page has buttons): they add that.
import type { Verb } from '../workflows/run/state.ts'
import type { RunView } from './model.ts'

export type Trouble =
  /** The service never ran here, or longer ago than the server remembers. */
  | { code: 'no-run'; service: string }
  /** It ran, and not under this id; newest first. */
  | { code: 'no-such-run'; service: string; runId: string; others: string[] }
  | { code: 'ambiguous-run'; service: string; runId: string; meant: string[] }
  /** Neither a worker nor the history tells what it does. */
  | { code: 'unreadable'; workflowId: string }
  | { code: 'no-worker'; taskQueue: string }
  | { code: 'ended'; service: string; runId: string | null; outcome: RunView['outcome'] }
  /** `gates`: the open ones, and what they take. */
  | { code: 'no-gate'; service: string; verdict: Verb; gates: { id: string; allows: Verb[] }[] }
  | { code: 'several-gates'; service: string; gates: { id: string; title: string }[] }
  /** The run heard it and does not take it. */
  | { code: 'refused'; service: string; verdict: Verb }
  | { code: 'decision-failed'; service: string; verdict: Verb }
  /** Nobody answered, and it cannot be left with the server. */
  | { code: 'unanswered'; service: string; verdict: Verb }
  /** Not even left with the server: the cause is what the server said, or that it said nothing. */
  | { code: 'not-sent'; service: string; workflowId: string; verdict: Verb }

export class RunTrouble extends Error {
  readonly what: string
  readonly why: string | undefined
  readonly facts: Trouble

  constructor(
    facts: Trouble,
    { what, why, cause }: { what: string; why?: string | undefined; cause?: unknown },
  ) {
    super(why === undefined ? what : `${what}: ${why}`, { cause })
    this.name = 'RunTrouble'
    this.what = what
    this.why = why
    this.facts = facts
  }
}
