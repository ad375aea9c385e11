// Finds one `split_clients` block in a file and reads or replaces its shares. Pure; touches nothing else of the text.
// https://nginx.org/en/docs/http/ngx_http_split_clients_module.html ; verified 2026-11-27 on 1.22.1: 0 % is a mistake, 100 % is
// none, and without `*` the rest gets no value at all, which `nginx -t` accepts.
import type { FailureKind } from '../../../workflows/failure.ts'
import { type Directive, UnfitSyntax, every, parse } from './syntax.ts'

/** A share is a whole number of hundredths of a percent. */
export const WHOLE = 10_000

/** Which of two names a request gets: the first one with this share, the rest with the others. `''` is no name. */
export interface Share {
  first: string
  rest: string
  /** Hundredths of a percent of `first`. */
  hundredths: number
}

export interface SplitHere extends Share {
  /** The name whose share grows comes first: nothing needs to be said of it where there is one name only. */
  isUsual: boolean
  /** The hashed text: `${orders_key}m`, say. */
  key: string
  body: { from: number; to: number }
}

/** The file is not of the shape that a cutover can work on; says what is there and what to write. */
export class UnfitFile extends Error {
  readonly kind: FailureKind
  constructor(kind: FailureKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/** `names`: the two that may get requests. The second is the one whose share grows. */
export function findSplit(text: string, variable: string, names: [string, string]): SplitHere {
  const blocks = splitBlocks(text)
  const wanted = blocks.filter(({ words }) => words[1] === variable)
  const [block] = wanted
  if (block?.block === undefined || block.block === null || block.body === null) {
    const there = blocks.map(({ words }) => words[1]).join(', ')
    throw new UnfitFile('Missing', `it has no split_clients for ${variable}; there is ${there || 'none'}`)
  }
  if (wanted.length > 1) throw new UnfitFile('Config', `it has several split_clients for ${variable}`)
  const comment = ORDER.exec(text.slice(block.body.from, block.body.to))?.[1]
  const share = shareOf(block.block, names, comment)
  return { key: block.words[0] ?? '', body: block.body, isUsual: share.first === names[1], ...share }
}

const ORDER = /^[ \t]*# "?([^"\s]*)"? comes first$/m // NGINX takes no 0 %: which name would come first stands in a comment

function splitBlocks(text: string): Directive[] {
  try {
    return every(parse(text), 'split_clients')
  } catch (error) {
    if (error instanceof UnfitSyntax) throw new UnfitFile('Rejected', error.message)
    throw error
  }
}

function shareOf(parts: Directive[], [old, fresh]: [string, string], comment: string | undefined): Share {
  const entries = parts.map(({ name, words }) => ({ share: name, name: words[0] ?? '' }))
  const strange = entries.filter(({ name }) => name !== old && name !== fresh)
  if (strange.length > 0) {
    const names = strange.map(({ share, name }) => `${quote(name)} (${share})`).join(', ')
    throw new UnfitFile(
      'Config',
      `it also sends to ${names}: a cutover moves requests between ${quote(old)} and ${quote(fresh)} only`,
    )
  }
  const last = entries.at(-1)
  if (last?.share !== '*') {
    throw new UnfitFile(
      'Config',
      'its last entry is not `*`: NGINX would give the rest of the requests no name',
    )
  }
  const [first, ...more] = entries.slice(0, -1)
  if (first === undefined) {
    const order = comment === old || comment === fresh ? comment : fresh
    const other = order === old ? fresh : old
    return { first: order, rest: other, hundredths: last.name === order ? WHOLE : 0 }
  }
  if (more.length > 0 || first.name === last.name) {
    throw new UnfitFile(
      'Config',
      'it names a side more than once: write one entry with a share, and `*` for the rest',
    )
  }
  return { first: first.name, rest: last.name, hundredths: hundredthsOf(first.share) }
}

function hundredthsOf(share: string): number {
  const percent = /^(\d{1,3}(?:\.\d{1,2})?)%$/.exec(share)?.[1]
  const hundredths = Math.round(Number(percent) * 100)
  if (percent === undefined || hundredths > WHOLE) {
    throw new UnfitFile('Config', `its share ${share} is none that NGINX takes: 0.01% to 100%`)
  }
  return hundredths
}

/** The text with another share in this block; the order of the names stays, so that nobody changes sides who need not. */
export function withShare(text: string, split: SplitHere, hundredths: number): string {
  const { body, first, rest, isUsual } = split
  const inside = text.slice(body.from, body.to)
  const indent = /^([ \t]+)\S/m.exec(inside)?.[1] ?? '    '
  const comments = inside.split('\n').flatMap((line) => {
    const [, before = '', comment] = /^([^#]*)(#.*)$/.exec(line) ?? []
    if (comment === undefined || ORDER.test(line)) return []
    return [before.trim() === '' ? line : `${indent}${comment}`] // behind an entry, which may be gone afterwards
  })
  const order = isUsual ? [] : [`${indent}# ${quote(first)} comes first`]
  const isWhole = hundredths === 0 || hundredths === WHOLE
  const lines = isWhole
    ? [...order, `${indent}* ${quote(hundredths === 0 ? rest : first)};`]
    : [`${indent}${hundredths / 100}% ${quote(first)};`, `${indent}* ${quote(rest)};`]
  const closing = /\n([ \t]*)$/.exec(inside)?.[1] ?? ''
  return `${text.slice(0, body.from)}\n${[...comments, ...lines].join('\n')}\n${closing}${text.slice(body.to)}`
}

/** All of the file but this block. */
export function besides(text: string, { body }: SplitHere): string {
  return `${text.slice(0, body.from)}${text.slice(body.to)}`
}

/** Share of one of the two names in hundredths of a percent. */
export function shareOfName({ first, hundredths }: Share, name: string): number {
  return first === name ? hundredths : WHOLE - hundredths
}

function quote(name: string): string {
  return name === '' ? '""' : name
}
