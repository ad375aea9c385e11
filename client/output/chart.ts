// Small inline SVG line charts of readings with their threshold. No scripts, no external resources. Pure.
import type { ReportSeries } from '../../view/report.ts'
import type { Html } from './html.ts'
import { html } from './html.ts'

const WIDTH = 640
const HEIGHT = 120
const PAD = { left: 8, right: 8, top: 10, bottom: 18 }
const HEADROOM = 1.15 // the highest point or threshold does not touch the frame

export function guardChart({ readings, limits, subject }: ReportSeries): Html {
  const times = readings.map(({ at }) => Date.parse(at))
  const from = Math.min(...times)
  const span = Math.max(1, Math.max(...times) - from)
  const values = [
    ...readings.flatMap(({ value }) => (value === null ? [] : [value])),
    ...limits.map(({ value }) => value),
  ]
  const top = Math.max(...values, Number.MIN_VALUE) * HEADROOM
  const low = Math.min(0, ...values)
  const x = (time: number) => round(PAD.left + ((time - from) / span) * (WIDTH - PAD.left - PAD.right))
  const y = (value: number) =>
    round(PAD.top + (1 - (value - low) / (top - low)) * (HEIGHT - PAD.top - PAD.bottom))
  const floor = HEIGHT - PAD.bottom
  const dots = readings.map(({ at, value, verdict, text }) => {
    const [cx, cy] = [x(Date.parse(at)), value === null ? floor : y(value)]
    return html`<circle cx="${cx}" cy="${cy}" r="2.5" class="${verdict}"
      ><title>${at} ${verdict}: ${text}</title></circle
    >`
  })
  const lines = limits.map(
    ({ label, value }) =>
      html`<line x1="0" x2="${WIDTH}" y1="${y(value)}" y2="${y(value)}" class="limit" /><text
          x="${WIDTH - 4}"
          y="${y(value) - 3}"
          text-anchor="end"
          class="limit-label"
          >${label}</text
        >`,
  )
  return html`<svg
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    role="img"
    aria-label="${described(subject, readings, limits)}"
  >
    <line x1="0" x2="${WIDTH}" y1="${floor}" y2="${floor}" class="axis" />
    ${lines}${paths(readings, x, y)}${dots}
    <text x="${PAD.left}" y="${HEIGHT - 4}" class="time">${clockOf(from)}</text>
    <text x="${WIDTH - 4}" y="${HEIGHT - 4}" text-anchor="end" class="time">${clockOf(from + span)}</text>
  </svg>`
}

/** What the picture shows, for those who hear it. */
function described(
  subject: string,
  readings: ReportSeries['readings'],
  limits: ReportSeries['limits'],
): string {
  const known = readings.filter(({ value }) => value !== null)
  const [least, most] = ['min', 'max'].map((end) => extreme(known, end as 'min' | 'max'))
  const range =
    known.length === 0 ? 'none known' : `lowest ${least}, highest ${most}, last ${known.at(-1)?.text}`
  const limit = limits.map(({ label }) => label).join(', ')
  return `Readings of ${subject}: ${range}${limit === '' ? '' : `; limit ${limit}`}`
}

function extreme(readings: ReportSeries['readings'], end: 'min' | 'max'): string | undefined {
  const way = end === 'min' ? 1 : -1
  return readings.toSorted((a, b) => way * ((a.value ?? 0) - (b.value ?? 0)))[0]?.text
}

/** One line per stretch of known values; where nothing was known there is a gap. */
function paths(
  readings: ReportSeries['readings'],
  x: (time: number) => number,
  y: (value: number) => number,
): Html[] {
  const stretches: string[][] = [[]]
  for (const { at, value } of readings) {
    if (value === null) stretches.push([])
    else stretches.at(-1)?.push(`${x(Date.parse(at))},${y(value)}`)
  }
  return stretches
    .filter((points) => points.length > 1)
    .map((points) => html`<polyline points="${points.join(' ')}" class="line" />`)
}

function clockOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)} UTC`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
