// Colours and text that has to be measured or cut. Pure; knows nothing of runs. Text from outside is made harmless here.
import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'

export type Paint = { [name in keyof typeof CODES]: (text: string) => string }

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const

/** Colours, or the same functions doing nothing. */
export function paint(color: boolean): Paint {
  const entries = Object.entries(CODES).map(([name, [open, close]]) => [
    name,
    (text: string) => (color && text !== '' ? `\u001b[${open}m${text}\u001b[${close}m` : text),
  ])
  return Object.fromEntries(entries) as Paint
}

const LETTERS = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Columns a text takes: colours none, a letter of a wide script or an emoji two. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** Cuts plain text to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return width <= 0 ? '' : `${headOf(text, width - 1)}…`
}

/** As many whole letters of plain text as fit. */
function headOf(text: string, width: number): string {
  let head = ''
  let left = width
  for (const { segment } of LETTERS.segment(text)) {
    left -= widthOf(segment)
    if (left < 0) break
    head += segment
  }
  return head
}

/** Rows of a terminal of that width; a line that is wider takes several, wrapped by the terminal itself. */
export function rowsIn(lines: string[], width: number): number {
  const rowsOf = (line: string) => Math.max(1, Math.ceil(widthOf(line) / Math.max(1, width)))
  return lines.reduce((rows, line) => rows + rowsOf(line), 0)
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Breaks plain text at spaces, and words that are too long anywhere, so that no line is wider; further lines start with `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  const room = () => Math.max(1, width - (lines.length === 0 ? 0 : indent.length))
  const end = () => {
    lines.push(lines.length === 0 ? line : indent + line)
    line = ''
  }
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room()) end()
    line = line === '' ? word : `${line} ${word}`
    while (widthOf(line) > room()) {
      const rest = line
      line = headOf(rest, room()) || rest.slice(0, 1)
      const taken = line.length
      end()
      line = rest.slice(taken)
    }
  }
  end()
  return lines
}

/** Every text of a value on one line and without control characters: a backend's words must not steer the terminal. */
export function harmless<T>(value: T): T {
  if (typeof value === 'string') return oneLine(value) as T
  if (Array.isArray(value)) return value.map(harmless) as T
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, harmless(inner)])) as T
}

function oneLine(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]+/gu, ' ')
}
