// What an announce step is going to do: say one thing, without waiting.
import type { Outline } from '../../plan.ts'

export function outlineAnnounce(): Outline {
  return {
    changes: [],
    back: 'changes nothing',
    irreversible: null,
    shortestMs: 0,
    longestMs: 0,
    decides: null,
  }
}
