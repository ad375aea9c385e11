// Prose folded to the terminal at hand: help, and what could not be done. Commands stay whole, for they are to be copied. Pure.
import { widthOf, wrap } from './paint.ts'

const WIDTH_READ = 110 // columns; longer lines lose the eye
const SECOND_MAX = 0.6 // of the width: a second column that begins behind it goes beneath the first
const BENEATH = '      '
const BROKEN_FROM = 75 // columns: a line of the source that is as long was broken for its width, not for its sense
const COMMAND = /^\s+(?:→ )?(?:[A-Z_]+=\S+ )*(?:cutover|temporal|npm) /
const TWO_COLUMNS = /^(\s*\S.*?\s{2,})(\S.*)$/

/** Line by line; what does not fit goes on under the text it belongs to. */
export function folded(text: string, width: number): string {
  const room = Math.min(width, WIDTH_READ)
  return text
    .split('\n')
    .flatMap((line) => foldedLine(line, room))
    .join('\n')
}

/** The lines of a paragraph as one, so that it can be folded anew. */
export function unbroken(text: string): string {
  return text.split('\n').reduce((all, line) => {
    const last = all.slice(all.lastIndexOf('\n') + 1)
    const goesOn = widthOf(last) >= BROKEN_FROM && !/[.:]$/.test(last) && /^\S/.test(line)
    return `${all}${goesOn ? ' ' : '\n'}${line}`
  })
}

function foldedLine(line: string, width: number): string[] {
  if (widthOf(line) <= width) return [line]
  const [, first, second] = TWO_COLUMNS.exec(line) ?? []
  if (first === undefined || second === undefined) {
    const indent = /^\s*(?:→ )?/.exec(line)?.[0] ?? ''
    return COMMAND.test(line) ? [line] : hanging(indent, line.slice(indent.length), width)
  }
  if (widthOf(first) <= width * SECOND_MAX) return hanging(first, second, width)
  return [first.trimEnd(), ...wrap(second, width - BENEATH.length).map((part) => `${BENEATH}${part}`)]
}

function hanging(head: string, text: string, width: number): string[] {
  const column = widthOf(head)
  return wrap(text, width - column).map((part, index) => `${index === 0 ? head : ' '.repeat(column)}${part}`)
}
