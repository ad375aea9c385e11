// NGINX's configuration as a tree of directives with their places in the text, so that one of them can be read or replaced
// and all else stays as it is. Pure; knows no directive. https://nginx.org/en/docs/beginners_guide.html#conf_structure

export interface Directive {
  name: string
  /** Unquoted. */
  words: string[]
  /** What stands in its braces; null: it ends with a semicolon. */
  block: Directive[] | null
  /** The text between the braces, when there are any. */
  body: { from: number; to: number } | null
}

/** The text is no configuration: says where and why. */
export class UnfitSyntax extends Error {}

type Token = { kind: 'word' | ';' | '{' | '}'; text: string; at: number }

export function parse(text: string): Directive[] {
  const reader = { text, tokens: tokensOf(text), next: 0 }
  const found = directives(reader, 0)
  const left = reader.tokens[reader.next]
  if (left !== undefined) throw new UnfitSyntax(`unexpected "}" in line ${lineAt(text, left.at)}`)
  return found
}

/** Every directive of this name, however deep. */
export function every(tree: Directive[], name: string): Directive[] {
  return tree.flatMap((each) => [
    ...(each.name === name ? [each] : []),
    ...(each.block === null ? [] : every(each.block, name)),
  ])
}

interface Reader {
  text: string
  tokens: Token[]
  next: number
}

const DEPTH_MAX = 50 // http, server, location, if: nobody nests deeper, and a text that does must not end the worker

function directives(reader: Reader, depth: number): Directive[] {
  if (depth > DEPTH_MAX) throw new UnfitSyntax('blocks are nested too deep')
  const found: Directive[] = []
  for (;;) {
    const first = reader.tokens[reader.next]
    if (first === undefined || first.kind === '}') return found
    found.push(directive(reader, depth))
  }
}

function directive(reader: Reader, depth: number): Directive {
  const words: string[] = []
  const { tokens, text } = reader
  for (; tokens[reader.next]?.kind === 'word'; reader.next++) words.push(tokens[reader.next]!.text)
  const end = tokens[reader.next++]
  const [name, ...rest] = words
  if (end === undefined) throw new UnfitSyntax(`"${name}" has no end`)
  if (name === undefined || end.kind === '}') {
    throw new UnfitSyntax(`unexpected "${end.kind}" in line ${lineAt(text, end.at)}`)
  }
  if (end.kind === ';') return { name, words: rest, block: null, body: null }
  const block = directives(reader, depth + 1)
  const close = tokens[reader.next++]
  if (close === undefined) throw new UnfitSyntax(`the block of "${name}" has no end`)
  return { name, words: rest, block, body: { from: end.at + 1, to: close.at } }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const sign = text[at]!
    if (/\s/.test(sign)) at++
    else if (sign === '#') at = endOfLine(text, at)
    else if (sign === ';' || sign === '{' || sign === '}') tokens.push({ kind: sign, text: sign, at: at++ })
    else {
      const word = sign === '"' || sign === "'" ? quoted(text, at) : bare(text, at)
      tokens.push({ kind: 'word', text: word.text, at })
      at = word.end
    }
  }
  return tokens
}

function quoted(text: string, from: number): { text: string; end: number } {
  const quote = text[from]
  let word = ''
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return { text: word, end: at + 1 }
    if (text[at] === '\\' && at + 1 < text.length) word += unescaped(text[++at]!)
    else word += text[at]
  }
  throw new UnfitSyntax(`the quote of line ${lineAt(text, from)} has no end`)
}

/** Ends at a blank, a semicolon or a brace; the braces of `${name}` are part of it. */
function bare(text: string, from: number): { text: string; end: number } {
  let word = ''
  let at = from
  for (; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '$' && text[at + 1] === '{') {
      const close = text.indexOf('}', at)
      if (close === -1) throw new UnfitSyntax(`"\${" of line ${lineAt(text, at)} has no end`)
      word += text.slice(at, close + 1)
      at = close
    } else if (/[\s;{}]/.test(sign)) break
    else if (sign === '\\' && at + 1 < text.length) word += unescaped(text[++at]!)
    else word += sign
  }
  return { text: word, end: at }
}

/** What a backslash and this sign stand for: of most of them NGINX keeps both, and expressions need them (ngx_conf_read_token). */
function unescaped(sign: string): string {
  return SIGNS[sign] ?? `\\${sign}`
}

const SIGNS: Record<string, string> = { '"': '"', "'": "'", '\\': '\\', t: '\t', r: '\r', n: '\n' }

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}
