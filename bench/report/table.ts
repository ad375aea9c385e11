// The table that people read: one block a row, ratios before milliseconds.
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

function targetOf({ target }: Row): string {
  if (target === null) return 'no target'
  const { figure, is, max, unit } = target
  return (
    `${figure} ${is}${unit}, target <= ${max}${unit}`.padEnd(TARGET_WIDTH) +
    (is <= max ? '  met' : '  MISSED')
  )
}

function listed(values: { [name: string]: number }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
