// The tables that people read: one block a row on a terminal, one line of Markdown for docs/measurements.md; ratios before milliseconds.
import type { Row } from './row.ts'

const MEASURE_WIDTH = 72
const TARGET_WIDTH = 34

export function block(row: Row): string {
  const lines = [`${row.measure.padEnd(MEASURE_WIDTH)} ${targetOf(row)}`]
  const ratios = listed(row.ratios)
  if (ratios !== '') lines.push(`    ratios   ${ratios}`)
  lines.push(`    figures  ${listed(row.figures)}`)
  if (row.note !== undefined) lines.push(`    note     ${row.note}`)
  return lines.join('\n')
}

/** A line of the tables of docs/measurements.md. */
export function markdownRow({ measure, target, ratios, figures }: Row): string {
  const cells = [measure, targetInWords(target), listed(ratios), listed(shortened(figures))]
  return `| ${cells.join(' | ')} |`
}

function targetInWords(target: Row['target']): string {
  if (target === null) return 'none'
  const { figure, is, max, unit } = target
  return `${figure} ${is}${unit} of ${max}${unit}: ${is <= max ? 'met' : '**missed**'}`
}

const WHOLE_FROM = 100 // a tenth of a millisecond says nothing of a hundred

const short = (value: number) => (value < WHOLE_FROM ? value : Math.round(value)).toLocaleString('en-US')

function shortened(figures: Row['figures']): { [name: string]: string } {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, short(value)]))
}

function targetOf({ target }: Row): string {
  if (target === null) return 'no target'
  const { figure, is, max, unit } = target
  return (
    `${figure} ${is}${unit}, target <= ${max}${unit}`.padEnd(TARGET_WIDTH) +
    (is <= max ? '  met' : '  MISSED')
  )
}

function listed(values: { [name: string]: number | string }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
