// The guards of a run as lines, the worrying ones first, each with how near it is to its limit. Pure: sheet in, lines out.
import type { GuardView } from '../../view/model.ts'
import { byNeed, percentText } from './glance.ts'
import { cut, padEnd, widthOf } from './paint.ts'
import type { Paint } from './paint.ts'
import type { Sheet } from './sheet.ts'
import { away, bar, counted } from './words.ts'

const VERDICT_SIGNS = { good: '✔', bad: '✖', unknown: '?' } as const
const NEARNESS_WIDTH = 8
const READING_WIDTH_MIN = 23 // `12.3 %, at most 12.5 %,` is read; less is not
const NAME_WIDTH_MAX = 24 // the number is what matters

export function guardLines({ view, look, ink }: Sheet): string[] {
  if (view.guards.length === 0) return []
  const shown = byNeed(view.guards).filter((guard) => look.fold.guards === 'all' || isWorrying(guard))
  const folded = view.guards.filter((guard) => !shown.includes(guard))
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.max(...view.guards.map(({ name }) => widthOf(name))))
  // Without a worker a reading is as old as the last heartbeat.
  const [one, more] =
    view.stale === null
      ? ['is as wanted', 'are as wanted']
      : ['was as wanted when last read', 'were as wanted when last read']
  const named = folded.map(({ name }) => name).join(', ')
  return [
    ink.bold('Guards'),
    ...shown.flatMap((guard) => guardLine(guard, { nameWidth, look, ink })),
    ...(folded.length === 0
      ? []
      : [
          `  ✔ ${cut(`${counted(folded.length, 'guard')} ${folded.length === 1 ? one : more}: ${named}`, look.width - 4)}`,
        ]),
  ]
}

function guardLine(
  guard: GuardView,
  { nameWidth, look, ink }: Pick<Sheet, 'look' | 'ink'> & { nameWidth: number },
): string[] {
  const sign = guard.verdict === null ? '·' : VERDICT_SIGNS[guard.verdict]
  const age = guard.at === null ? '' : away(guard.at, look.now)
  const tail = [countsText(guard), age].filter((text) => text !== '').join('  ')
  const reading = guard.text ?? `not looked at yet; ${guard.limit ?? ''}`
  const near = nearnessBar(guard)
  const begin = `  ${verdictPaint(guard, ink)(sign)} ${padEnd(cut(guard.name, nameWidth), nameWidth)}`
  const room = look.width - widthOf(begin) - widthOf(tail) - 4 - (near === '' ? 0 : widthOf(near) + 2)
  const nearness = near === '' ? '' : `${verdictPaint(guard, ink)(near)}  `
  if (room >= Math.min(READING_WIDTH_MIN, widthOf(reading)))
    return [`${begin}  ${nearness}${padEnd(cut(reading, room), room)}  ${ink.dim(tail)}`.trimEnd()]
  return [
    `${begin}  ${cut(tail, look.width - widthOf(begin) - 2)}`.trimEnd(),
    `      ${cut(reading, look.width - 6)}`,
  ]
}

/** How much of its limit a reading takes up; empty where that cannot be said. */
function nearnessBar({ nearness }: GuardView): string {
  if (nearness === null) return ''
  return `${bar(nearness * 100, NEARNESS_WIDTH)} ${percentText(nearness).padStart(5)}`
}

function countsText({ badInRow, goodInRow, goodAt, breachAt, dryRun }: GuardView): string {
  const dry = dryRun ? ['dry run'] : []
  if (badInRow > 0) return [...dry, `${badInRow}${breachAt === null ? '' : ` of ${breachAt}`} bad`].join(', ')
  const good = goodAt === null ? `${goodInRow} good` : `${Math.min(goodInRow, goodAt)} of ${goodAt} good`
  return [...dry, ...(goodInRow > 0 || goodAt !== null ? [good] : [])].join(', ')
}

function verdictPaint({ verdict }: GuardView, ink: Paint): (text: string) => string {
  if (verdict === 'good') return ink.green
  if (verdict === 'bad') return ink.red
  return verdict === 'unknown' ? ink.yellow : ink.dim
}

function isWorrying({ verdict }: GuardView): boolean {
  return verdict === 'bad' || verdict === 'unknown'
}
