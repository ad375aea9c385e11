// The end of a suspension that needs no run: a small workflow of its own, started before the suspension and ended behind it. When its
// moment comes it looks, and lets go on what is still suspended as that run has left it; what others have suspended since is theirs.
import { CancellationScope, condition, defineSignal, setHandler } from '@temporalio/workflow'
import type { ExpiryInput } from './activities.ts'
import { calls } from './run/calls.ts'
import { failedWith } from './run/failures.ts'
import { untilMoment } from './run/until-moment.ts'

/** Says whose suspension it is and until when; `until` null = that run has seen to its end itself. */
export const expires = defineSignal<[ExpiryInput]>('expires')

export type Expired = 'not needed' | 'it goes on again' | `left alone: ${string}`

/** Has no input of its own: whoever starts it says so by the signal, as whoever moves it does. */
export async function expiry(): Promise<Expired> {
  const now: { of: ExpiryInput | null; until: number; isOver: boolean } = {
    of: null,
    until: 0,
    isOver: false,
  }
  setHandler(expires, (said) => {
    if (said.until === null) {
      if (said.run === now.of?.run) now.isOver = true
      return
    }
    // The last one who says so owns it. Never sooner: an answer that was lost is said once more, late.
    now.until = said.run === now.of?.run ? Math.max(now.until, said.until) : said.until
    now.of = said
    now.isOver = false
  })
  return await CancellationScope.nonCancellable(async () => {
    await condition(() => now.of !== null)
    const summary = () => `${now.of?.connection.name}: goes on at ${new Date(now.until).toISOString()}`
    if (await untilMoment(() => now.until, { summary, isOver: () => now.isOver })) return 'not needed'
    return now.of === null ? 'not needed' : await letGoOn(now.of)
  })
}

async function letGoOn({ connection, target, before, ours, service, notify }: ExpiryInput): Promise<Expired> {
  const name = connection.name
  const input = { connection, target, before, ours, halves: [], isRepeated: false, isUncertain: false }
  let end: Expired
  try {
    const { written } = await calls.restoreOnAndOn(`${name} ${target}: its suspension is over`, input)
    if (written === 'unchanged') return 'not needed'
    end = 'it goes on again'
  } catch (error) {
    end = `left alone: ${failedWith(error).message}`
  }
  const title = `${service}: the suspension of ${name} has expired: ${end}`
  const text = 'it may put back what the run has set, if the run is not over'
  const key = `${service}/expired/${name}/${Date.now()}`
  for (const each of notify) {
    const notice = { key, service, title, text, level: 'alarm' as const }
    await calls.announce(`tell ${each.name}`, { connection: each, notice }).catch(() => {}) // best effort: a receiver that is down is no reason to stay
  }
  return end
}
