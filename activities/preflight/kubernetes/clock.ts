// Whether the clock of the API server and ours agree. Pure. Its answers name a second, so the true time is within that second
// and between our sending and receiving: only what lies outside of both is a difference.
import { formatDuration } from '../../../workflows/quantities.ts'
import { type Facts, type Judgement, caution, fine, refuse } from './facts.ts'

const SECOND_MS = 1_000
const SKEW_MS_TOLD = 5_000 // more than clocks that are kept by NTP ever differ
const SKEW_MS_MAX = 60_000 // tokens and certificates that were just made are refused, or live on after their end

export function clockOf({ clock }: Facts): Judgement[] {
  if (clock === null) return [fine('clock', 'the API server does not say the time')]
  const { at, sentAt, receivedAt } = clock
  const ahead = Math.max(0, at - receivedAt)
  const behind = Math.max(0, sentAt - (at + SECOND_MS))
  const skew = Math.max(ahead, behind)
  if (skew <= SKEW_MS_TOLD) return [fine('clock', 'the API server and the worker agree on the time')]
  const said = {
    seen: `the clock of the API server is ${formatDuration(skew)} ${ahead > 0 ? 'ahead of' : 'behind'} that of the worker`,
    why: 'tokens end early or late, and times of metrics and of the run do not fit together',
    todo: 'set both by NTP',
  }
  return [skew > SKEW_MS_MAX ? refuse('clock', said) : caution('clock', said)]
}
