// The first paragraph of a report, for somebody who reads no further: what moved, how many users and for how long, what was seen of
// them, how it ended. Pure: report in, HTML out.
import { isObject, sameJson } from '../../workflows/json.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import type { ChangeView } from '../../view/model.ts'
import type { Report, ReportSeries } from '../../view/report.ts'
import type { MovedUsers } from '../../view/users.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'
import { headline } from './run-text.ts'
import { counted } from './words.ts'

export function summary(report: Report): Html {
  const { run } = report
  if (run.stale !== null)
    return html`<p>
      ${sentence(headline(run))} How many users were moved, and what was seen of them, only a worker can tell.
    </p>`
  return html`<p>${[...usersText(report), ...seenText(report), sentence(headline(run))].join(' ')}</p>`
}

function usersText({ moved, run }: Report): string[] {
  if (moved.length === 0) {
    const isNamed = run.changes.some(movesNames)
    return [isNamed ? 'No share of users was moved; names were.' : 'No users were moved.']
  }
  return moved.map((edge) => movedText(edge, run.endedAt !== null))
}

/** A record whose values are others; its TTL alone moves nobody. */
function movesNames({ status, before, desired }: ChangeView): boolean {
  if (status !== 'applied' || !isObject(before) || !isObject(desired) || !('values' in desired)) return false
  return !sameJson(before['values'] ?? null, desired['values'] ?? null)
}

function movedText({ edge, peak, last, from, backAt, servedMs }: MovedUsers, isOver: boolean): string {
  const most = `At most ${round(peak)} % of the users of ${edge} were served by the new side, since ${clock(from)}, for ${formatDuration(servedMs)}`
  if (backAt !== null) return `${most}; since ${clock(backAt)} the old side serves all of them.`
  return `${most}${isOver ? '' : ' so far'}; it serves ${round(last)} % of them ${isOver ? 'at the end' : 'now'}.`
}

/** What they saw, as far as guards tell. */
function seenText({ guards }: Report): string[] {
  const read = guards.filter(({ sum }) => sum.good + sum.bad + sum.unknown > 0)
  if (read.length === 0)
    return [
      guards.some(({ isCut }) => isCut)
        ? 'What guards had read when the run went back is not kept.'
        : 'Nothing was watched.',
    ]
  const count = (of: (sum: ReportSeries['sum']) => number) => read.reduce((all, { sum }) => all + of(sum), 0)
  const [all, bad, unknown] = [
    count(({ good, bad: worse, unknown: none }) => good + worse + none),
    count((sum) => sum.bad),
    count((sum) => sum.unknown),
  ]
  const worst = read.flatMap(({ subject, readings }) => {
    const last = readings.findLast(({ verdict }) => verdict === 'bad')
    return last === undefined ? [] : [`${subject} ${last.text} at ${clock(last.at)}`]
  })
  const checks = `Of ${counted(all, 'look')} at ${read.map(({ subject }) => subject).join(', ')}, ${bad} were bad and ${unknown} unknown`
  return [worst.length === 0 ? `${checks}.` : `${checks}; the last bad ones: ${worst.join('; ')}.`]
}

function clock(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}

function round(percent: number): number {
  return Math.round(percent * 100) / 100
}
