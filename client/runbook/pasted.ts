// What comes with text that was pasted from a page, a chat or a merge: blanks that are none for YAML, characters that nobody
// sees, signs that only look like the right ones. Looks at the text alone.
import type { Finding } from './problem.ts'

type Found = Omit<Finding, 'path'>
type Span = { start: number; end: number }

const INVISIBLE = '\\u00ad\\u180e\\u200b-\\u200f\\u2028\\u2029\\u2060-\\u2064\\ufeff'
const STRANGE = `\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000${INVISIBLE}`
const AS_INDENTATION = new RegExp(`^ {0,99}[${STRANGE}](?=[ ${STRANGE}]{0,99}(?:- |[\\w-]{1,64}:))`, 'mu')
const ON_A_WRONG_LINE = new RegExp(`(?:^[ \\t]{0,99}|[:,?[{-][ \\t]{0,9})[${STRANGE}]`, 'mu')
const AROUND_A_WORD = new RegExp(`^-?[${STRANGE}]|^[^ \\t]{1,99}[${STRANGE}]$`, 'u')
const BEHIND_A_KEY = new RegExp(`^[\\w-]{1,64}:[${STRANGE}]`, 'u')
const WITHIN_A_WORD = new RegExp(`^[\\x21-\\x7e]{1,99}[${INVISIBLE}](?=[\\x21-\\x7e])`, 'u') // of other scripts some are letters

/** On a line that is not YAML: the first one that stands where YAML wants a plain blank; as indentation also on a line before. */
export function blankIn(text: string, { start, end }: Span): Found | null {
  const found = ON_A_WRONG_LINE.exec(text.slice(start, end))
  if (found !== null) return strange(text, start + found.index + found[0].length - 1)
  const before = AS_INDENTATION.exec(text.slice(0, start))
  return before === null ? null : strange(text, before.index + before[0].length - 1)
}

/**
 * In a word outside quotes, which would be another word without it. In the midst of text they are text; behind a colon
 * they are when it is a value.
 */
export function strangeSign(
  text: string,
  { start, end, isValue }: Span & { isValue: boolean },
): Found | null {
  const word = text.slice(start, end)
  const found =
    AROUND_A_WORD.exec(word) ?? WITHIN_A_WORD.exec(word) ?? (isValue ? null : BEHIND_A_KEY.exec(word))
  if (found !== null) return strange(text, start + found[0].length - 1)
  return /^[\u201c\u201d\u201e\u201f\u2018\u2019\u201a]\S*[\u201c\u201d\u201f\u2018\u2019]$/.test(word)
    ? lookalike(text, start)
    : null
}

function strange(text: string, position: number): Found {
  const character = text[position] ?? ''
  const isSeen = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/.test(character)
  const what =
    character === '\u00a0'
      ? 'a no-break space'
      : isSeen
        ? `a blank of another kind (${codeOf(character)})`
        : `an invisible character (${codeOf(character)})`
  const message = isSeen ? `${what} stands where a blank should` : `${what} stands here`
  return { position, message, fix: isSeen ? 'type a plain space in its place' : 'remove it' }
}

const LOOKALIKES: { [sign: string]: string } = {
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u201f': '"',
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\uff1a': ':',
  '\uff0c': ',',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2022': '-',
}
/** A dash before an item, a colon behind a key, a quote or a comma where YAML has its own. */
const LOOKALIKE_ON_A_WRONG_LINE =
  /^[ \t]{0,99}[\u2010-\u2014\u2212\u2022](?=[ \t])|^[ \t]{0,99}(?:- )?[\w-]{1,64}\uff1a|[:,[{-][ \t]{0,9}[\u2018-\u201f]|\S\uff0c/mu

/** On a line that is not YAML: a sign that only looks like one of YAML's. */
export function signIn(text: string, { start, end }: Span): Found | null {
  const found = LOOKALIKE_ON_A_WRONG_LINE.exec(text.slice(start, end))
  return found === null ? null : lookalike(text, start + found.index + found[0].length - 1)
}

function lookalike(text: string, position: number): Found {
  const sign = text[position] ?? ''
  const right = LOOKALIKES[sign] ?? ''
  const what = /["']/.test(right) ? 'a typographic quote' : `a sign that only looks like "${right}"`
  return {
    position,
    message: `${what} (${codeOf(sign)}) stands here`,
    fix: `write ${right === '"' ? '"' : JSON.stringify(right)}`,
  }
}

/** Lines that belong to the file's surroundings, not to it. */
export function markIn(text: string): Found | null {
  const merge = /^(?:<{7}|={7}|>{7})(?= |$)/m.exec(text)
  if (merge !== null)
    return {
      position: merge.index,
      message: 'the mark of a merge was left here',
      fix: 'decide between both versions and remove the marks',
    }
  const fence = /^```/m.exec(text)
  if (fence === null) return null
  return { position: fence.index, message: 'the fence of a page (```) was left here', fix: 'remove the line' }
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
