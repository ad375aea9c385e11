// Tables aligned to the width at hand. Pure. The column that may give way is cut, the others keep their width.
import { cut, padEnd, padStart, widthOf } from './paint.ts'
import type { Paint } from './paint.ts'

export type Column = {
  title: string
  align?: 'left' | 'right'
  /** Gives way when the table is too wide; its cells are plain text until painted. */
  flexible?: boolean
  paint?: (text: string, row: number) => string
}

const GAP = '  '
const FLEXIBLE_MIN = 8 // below this a cell says nothing

export function table(
  columns: Column[],
  rows: string[][],
  options: { width: number; paint: Paint },
): string[] {
  const natural = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[index] ?? ''))),
  )
  const widths = fitted(columns, natural, options.width)
  const line = (cells: string[], row: number) =>
    cells
      .map((cell, index) => {
        const column = columns[index]
        const width = widths[index] ?? 0
        const text =
          column?.align === 'right' ? padStart(cut(cell, width), width) : padEnd(cut(cell, width), width)
        return row >= 0 && column?.paint !== undefined ? column.paint(text, row) : text
      })
      .join(GAP)
      .trimEnd()
  const head = columns.map(({ title }) => title)
  return [options.paint.bold(line(head, -1)), ...rows.map((row, index) => line(row, index))]
}

function fitted(columns: Column[], natural: number[], width: number): number[] {
  const excess = natural.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1) - width
  if (excess <= 0) return natural
  const flexible = columns.flatMap((column, index) => (column.flexible === true ? [index] : []))
  const widths = [...natural]
  const of = (index: number) => widths[index] ?? 0
  for (let missing = excess; missing > 0; missing--) {
    const widest = flexible.reduce((one, other) => (of(other) > of(one) ? other : one), flexible[0] ?? -1) // a short cell is not cut for a long one
    if (widest < 0 || of(widest) <= FLEXIBLE_MIN) break
    widths[widest] = of(widest) - 1
  }
  return widths
}
