// Colours and text that has to be measured or cut. Pure; knows nothing of runs. Text from outside is made harmless here.
import { stripVTControlCharacters } from 'node:util'

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

/** Columns a text takes; colours take none. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

/** Cuts plain text to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  const letters = [...text]
  if (letters.length <= width) return text
  return width <= 0 ? '' : `${letters.slice(0, width - 1).join('')}…`
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

/** Breaks plain text at spaces so that no line is wider; further lines start with `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = width - (lines.length === 0 ? 0 : indent.length)
    if (line === '') line = word
    else if (widthOf(line) + 1 + widthOf(word) <= room) line += ` ${word}`
    else {
      lines.push(lines.length === 0 ? line : indent + line)
      line = word
    }
  }
  lines.push(lines.length === 0 ? line : indent + line)
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
