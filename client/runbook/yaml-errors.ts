// What the YAML parser complains about, in words for someone who writes runbooks: what stands there, and what would be right.
import type { YAMLError } from 'yaml'
import { mayHoldSecret } from './checks/secrets.ts'
import { blankIn, markIn, signIn } from './pasted.ts'
import type { Finding } from './problem.ts'

type Words = { message: string; fix: string | null }

const WORD_MAX = 40 // of the file, in a fix
const KEY_AND_VALUE: Words = {
  message: 'a key without a value',
  fix: 'write "key: value", with a blank after the colon',
}
const WORDS: Record<string, Words> = {
  TAB_AS_INDENT: { message: 'a tab indents this line', fix: 'indent with spaces' },
  MULTIPLE_DOCS: {
    message: 'the file holds several YAML documents',
    fix: 'one runbook per file: remove the --- line',
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: 'two keys on one line',
    fix: 'put text that holds ": " in quotes, or begin a new line',
  },
  BLOCK_IN_FLOW: { message: 'a key within { } or [ ]', fix: 'put text that holds ": " or "- " in quotes' },
  BAD_INDENT: {
    message: 'the indentation does not fit the lines around it',
    fix: 'align it with its neighbours; close every [ and {',
  },
  MULTILINE_IMPLICIT_KEY: KEY_AND_VALUE,
  MISSING_CHAR: { message: 'something is not closed or missing here', fix: null },
  IMPOSSIBLE: { message: 'this is not YAML', fix: null },
  UNEXPECTED_TOKEN: { message: 'this is not YAML', fix: null },
  RESOURCE_EXHAUSTION: { message: 'nested too deeply', fix: null },
  TAG_RESOLVE_FAILED: {
    message: 'tags (!...) are not part of a runbook',
    fix: 'put text that begins with ! in quotes',
  },
  BAD_ALIAS: { message: 'not an alias', fix: 'put text that begins with * or & in quotes' },
  BAD_DIRECTIVE: { message: '% begins a directive of YAML', fix: 'put text that begins with % in quotes' },
}
/** After these the parser goes on as if nothing had been: whatever follows is a mistake of its own. */
const SINGLE = new Set(['BAD_SCALAR_START', 'TAG_RESOLVE_FAILED', 'BAD_DQ_ESCAPE'])

/** What is wrong with the text, without what only follows from it: the first mistake that leads the parser astray ends the list. */
export function yamlFindings(errors: readonly YAMLError[], text: string): Finding[] {
  const ordered = errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  const tab = ordered.find(({ code }) => code === 'TAB_AS_INDENT')
  const astray = tab ?? ordered.find(({ code }) => !SINGLE.has(code))
  return ordered
    .filter((error) => error === astray || (SINGLE.has(error.code) && isBefore(error, astray)))
    .map((error) => ({ path: [], ...findingOf(error, text) }))
}

function isBefore(error: YAMLError, other: YAMLError | undefined): boolean {
  return other === undefined || error.pos[0] < other.pos[0]
}

function findingOf(error: YAMLError, text: string): Omit<Finding, 'path'> {
  const position = error.pos[0]
  const line = lineAt(text, position)
  const lines = { start: line.start, end: lineAt(text, error.pos[1]).end }
  return (
    markIn(text) ??
    blankIn(text, lines) ??
    signIn(text, lines) ??
    indicatorAt(error, text, line) ??
    commentIn(error, text, line) ?? { position, ...wordsOf(error) }
  )
}

/** Mistakes of which the parser's own words say little. */
const SAID: [RegExp, (error: YAMLError) => Words][] = [
  [
    /Unexpected scalar at node end/,
    () => ({
      message: 'text behind a closing quote: a " within "..." ends it',
      fix: "put the whole in single quotes '...', or write it below the key behind |",
    }),
  ],
  [
    /Invalid escape sequence/,
    ({ message }) => ({
      message: `${/\\./.exec(message)?.[0] ?? 'the escape'} means nothing within "..."`,
      fix: 'put the text in single quotes, or double the backslash',
    }),
  ],
  [
    /Block scalar header/,
    () => ({ message: 'behind | or > a text block begins on the next line', fix: 'put the text in quotes' }),
  ],
  [
    /Unexpected block-seq-ind on same line/,
    () => ({ message: 'a list begins on a line of its own', fix: 'write [a, b], or each "- a" on a line' }),
  ],
]

function wordsOf(error: YAMLError): Words {
  const words = WORDS[error.code]
  const said = SAID.find(([form]) => form.test(error.message))
  if (said !== undefined) return said[1](error)
  if (/quote/.test(error.message))
    return { message: 'a quote is not closed', fix: 'close it on the same line' }
  if (/map keys need to be followed/.test(error.message)) return KEY_AND_VALUE
  const detail = error.message.replace(/: ".*$/s, '').replaceAll(/\s+/g, ' ') // what follows is the content of the file
  const isSpecific = error.code === 'MISSING_CHAR' || error.code === 'UNEXPECTED_TOKEN' || words === undefined
  return { message: isSpecific ? `not valid YAML: ${detail}` : words.message, fix: words?.fix ?? null }
}

/** Text that begins with a sign YAML keeps for itself: `@ana`, `*.example.com`, `%5`. */
function indicatorAt({ code, pos }: YAMLError, text: string, line: Line): Omit<Finding, 'path'> | null {
  if (code === 'BAD_SCALAR_START') return unquoted(text, pos[0])
  if (code === 'TAG_RESOLVE_FAILED') return null
  if (code === 'BAD_ALIAS') return unquoted(text, pos[0])
  const directive = /^%/.exec(text.slice(line.start, line.end))
  if (directive !== null) return unquoted(text, line.start)
  // An alias ends at a blank: what goes on behind it shows that text was meant.
  const alias = /(?:^|[\s[{,])(\*[^\s,[\]{}]{0,300}\s{0,99})$/.exec(text.slice(line.start, pos[0]))
  return alias === null ? null : unquoted(text, pos[0] - (alias[1] ?? '').length)
}

function unquoted(text: string, position: number): Omit<Finding, 'path'> {
  const sign = text[position] ?? ''
  return { position, message: `text cannot begin with ${sign} outside quotes`, fix: inQuotes(text, position) }
}

/** `write "@ana" in quotes`; of a line that may hold a secret nothing is repeated. */
export function inQuotes(text: string, position: number): string {
  const { start, end } = lineAt(text, position)
  const word = (
    /^[^,[\]{}#]{1,200}?(?=\s*(?:[,[\]{}#]|:\s|:?$))/.exec(text.slice(position, end))?.[0] ?? ''
  ).trim()
  const isShown = word !== '' && word.length <= WORD_MAX && !mayHoldSecret(text.slice(start, end))
  return isShown ? `write ${JSON.stringify(word)} in quotes` : 'put the text in quotes'
}

/** Behind a blank a # makes the rest of the line a comment, the closing bracket too. */
function commentIn({ code }: YAMLError, text: string, line: Line): Omit<Finding, 'path'> | null {
  if (code !== 'BAD_INDENT') return null
  for (const { start, end } of [line, lineAt(text, Math.max(0, line.start - 1))]) {
    const comment = /^[^#"']*[[{][^\]}#"']*\s(?=#)/.exec(text.slice(start, end))
    if (comment === null) continue
    const message = 'a # behind a blank begins a comment: the bracket before it is never closed'
    return { position: start + comment[0].length, message, fix: 'put text that begins with # in quotes' }
  }
  return null
}

type Line = { start: number; end: number }

function lineAt(text: string, position: number): Line {
  const start = text.lastIndexOf('\n', position - 1) + 1
  const end = text.indexOf('\n', position)
  return { start, end: end === -1 ? text.length : end }
}
