// The first lines of a run: what somebody reads who was woken up. Can it go back, what does it wait for and for how long, which
// guard is nearest to its limit. Pure: sheet in, lines out.
import type { GuardView, RunView } from '../../view/model.ts'
import { formatDuration } from '../../workflows/quantities.ts'
import { widthOf, wrap } from './paint.ts'
import type { Sheet } from './sheet.ts'
import { away, clock, counted } from './words.ts'

const LABEL_WIDTH = 9

export function glanceLines({ view, look, ink }: Sheet): string[] {
  if (view.endedAt !== null) return []
  const rows: [label: string, text: string | null][] = [
    ['back', backText(view, look.width - LABEL_WIDTH)],
    ['waits', waitsText(view, look.now)],
    ['nearest', nearestText(view)],
  ]
  const isBrief = look.fold.brief && view.gates.length > 0 // the question says what is waited for
  return (isBrief ? rows.slice(0, 1) : rows).flatMap(([label, text]) => {
    if (text === null) return []
    return wrap(text, look.width - LABEL_WIDTH).map(
      (line, index) =>
        `${index === 0 ? ink.bold(label.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`,
    )
  })
}

/** The answer to the first question; null where another line says it. */
function backText({ wayBack, service, restorations }: RunView, width: number): string | null {
  if (wayBack === null) {
    const isBack = restorations.filter(({ status }) => status === 'restored').length
    const stuck = restorations.find(({ status }) => status === 'stuck')
    const hangs = stuck === undefined ? '' : `; ${stuck.connection}/${stuck.target} needs a person`
    return restorations.length === 0
      ? null
      : `under way: ${isBack} of ${counted(restorations.length, 'target')} restored${hangs}`
  }
  const { isPossible, until, why, isCertain } = wayBack
  const asKnown = isCertain ? '' : 'by its history '
  if (!isPossible) return `${asKnown}no: ${why ?? 'it has passed its point of no return'}`
  const when = until === null ? 'yes, at any moment' : `yes, until step ${until.index} (${until.title})`
  const withCommand = `${asKnown}${when}: cutover abort ${service} --reason R`
  const text = widthOf(withCommand) < width ? withCommand : `${asKnown}${when}` // a command that is broken cannot be copied
  return isCertain ? text : `${text}; it begins when a worker is up`
}

function waitsText({ gates, paused, holding, rest, wayBack, stale }: RunView, now: number): string | null {
  if (wayBack === null) return null
  const otherwise = stale === null ? 'what it changes to be seen' : 'unknown: only a worker can tell'
  const question = gates[0] === undefined ? [] : [`a person, at ${gates.map(({ id }) => id).join(', ')}`]
  const pause = paused === null ? [] : [`cutover resume: paused by ${paused.actor}`]
  const hold = holding === null ? [] : [holdText(holding, now)]
  const waited = [...question, ...pause, ...hold]
  const left = rest === null ? [] : [restText(rest.later)]
  return [waited.length === 0 ? otherwise : waited.join('; '), ...left].join('; ')
}

function holdText({ until, limit, waitsFor }: NonNullable<RunView['holding']>, now: number): string {
  const isOver = until !== null && Date.parse(until) <= now
  const time = until === null || isOver ? [] : [`time until ${clock(until, now)} (${away(until, now)})`]
  const checks = waitsFor === '' ? [] : [isOver ? `${waitsFor}, its time is over` : waitsFor]
  const end = limit === null || !isOver ? [] : [`asks a person at ${clock(limit, now)}`]
  return [...time, ...checks, ...end].join(', ') || 'its time is over'
}

function restText({ shortestMs, longestMs }: NonNullable<RunView['rest']>['later']): string {
  if (longestMs === 0) return 'it is the last step'
  if (longestMs === shortestMs) return `the rest takes ${formatDuration(shortestMs)}`
  const longest = longestMs === null ? 'as long as people take' : formatDuration(longestMs)
  return `the rest takes ${formatDuration(shortestMs)} to ${longest}`
}

/** Null: nothing is watched, or nothing was read yet. */
function nearestText({ guards, wayBack, stale }: RunView): string | null {
  const [nearest] = byNeed(guards.filter(({ dryRun, verdict }) => !dryRun && verdict !== null))
  if (wayBack === null || stale !== null || nearest === undefined) return null
  const share = nearest.nearness === null ? '' : ` at ${percentText(nearest.nearness)} of its limit`
  const row =
    nearest.badInRow === 0 ? '' : `, ${nearest.badInRow} of ${nearest.breachAt ?? '?'} bad checks to a breach`
  return `${nearest.name}${share}${row}: ${nearest.text ?? nearest.verdict}`
}

const NEED = { bad: 0, unknown: 1, good: 2 } as const
const NEED_OF_NOBODY = 3 // not looked at yet

/** The ones to worry about first: bad, then unknown, then by how near they are to their limits. */
export function byNeed(guards: GuardView[]): GuardView[] {
  return guards.toSorted((a, b) => needOf(a) - needOf(b) || (b.nearness ?? 0) - (a.nearness ?? 0))
}

function needOf({ verdict }: GuardView): number {
  return verdict === null ? NEED_OF_NOBODY : NEED[verdict]
}

export function percentText(share: number): string {
  const percent = share * 100
  return percent > 999
    ? 'over 999 %'
    : `${percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`
}
