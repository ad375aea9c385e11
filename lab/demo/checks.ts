// What must be true after an act; the demo's exit code is 0 only if all of it was so.
import { type Json, sameJson } from '../../workflows/json.ts'
import type { RunView } from '../../view/model.ts'
import type { LoadReport } from '../load.ts'
import type { Story } from './story.ts'

export type Tally = {
  check(isSo: boolean, text: string): void
  /** How many checks were not so. */
  failures(): number
}

export function tallyOf(story: Story): Tally {
  let failed = 0
  return {
    check(isSo, text) {
      if (isSo) return story.good(text)
      failed++
      story.bad(text)
    },
    failures: () => failed,
  }
}

export function checkLoad(tally: Tally, { sent, failed, failures, injected, sides }: LoadReport): void {
  const why = failed === 0 ? '' : ` ${JSON.stringify(failures)}`
  const made = injected === 0 ? '' : `; ${injected} saw an error that the new version made`
  const served = `old ${sides.old.answered.toLocaleString('en')}, new ${sides.new.answered.toLocaleString('en')}`
  tally.check(
    failed === 0,
    `${sent.toLocaleString('en')} requests (${served}): ${failed} failed by the cutover${why}${made}`,
  )
}

export function checkRestored(
  tally: Tally,
  { view, world, ground }: { view: RunView; world: Json; ground: { start: Json; parts: string } },
): void {
  tally.check(
    view.outcome === 'restored',
    `the run ended ${view.outcome}: ${view.reason?.text ?? 'no reason'}`,
  )
  const isSame = sameJson(world, ground.start)
  tally.check(isSame, `${ground.parts} are as before the run${isSame ? '' : `: ${JSON.stringify(world)}`}`)
}

/** Seconds from the reason for going back to everything restored, and to the traffic alone. */
export function restoreTimes(view: RunView): { traffic: number | null; all: number | null } {
  const from = view.reason === null ? null : Date.parse(view.reason.at)
  const since = (at: string | null | undefined) =>
    from === null || at === null || at === undefined ? null : (Date.parse(at) - from) / 1_000
  const traffic = view.restorations.find(({ target }) => target === 'split')
  return { traffic: since(traffic?.at), all: since(view.restoredAt) }
}

export function seconds(value: number | null): string {
  return value === null ? 'never' : `${value.toFixed(2)} s`
}
