// Finds the `map` block that leads a cohort, and reads or replaces its members. Pure; touches nothing else of the text. Members are
// written as expressions, for NGINX compares the strings of a map without regard to case. https://nginx.org/en/docs/http/ngx_http_map_module.html
import { escaped } from '../../envoy/admin-names.ts'
import { UnfitFile } from './splits.ts'
import { type Directive, UnfitSyntax, every, parse } from './syntax.ts'

export interface MapHere {
  /** The variable that says who asks: `$http_x_tenant`. */
  source: string
  users: string[]
  /** Entries of somebody else's: of other values, and expressions that may lead more than one user. NGINX goes by the first that fits. */
  others: Other[]
  /** Who was led before the last write, until NGINX is seen to have read it: then workers may still lead them. */
  former: string[]
  body: { from: number; to: number }
}

export interface Other {
  /** A string, which NGINX compares without regard to case, or an expression. */
  name: string
  value: string
}

export interface MapChoice {
  /** What the map sets: `$orders_to`. */
  variable: string
  /** What strangers get: the variable of the split. */
  pool: string
  /** What members get. */
  to: string
}

const FORMER = /^[ \t]*# before the reload:(.*)$/
const FORMER_IN_LINE = 20 // NGINX takes no line of 4,096 signs, comments among them; a member has 128 at most

/** Raises UnfitFile. */
export function findMap(text: string, wanted: MapChoice): MapHere {
  const { variable, pool, to } = wanted
  const maps = mapsIn(text)
  const [map, ...more] = maps.filter(({ words }) => words[1] === variable)
  if (map?.block === undefined || map.block === null || map.body === null) {
    const there = maps.map(({ words }) => words[1]).join(', ') || 'none'
    throw new UnfitFile('Missing', `it has no map for ${variable}; there is ${there}`)
  }
  if (more.length > 0) throw new UnfitFile('Config', `it has several maps for ${variable}`)
  const others = map.block.find(({ name }) => name === 'include' || name === 'hostnames')
  if (others !== undefined)
    throw new UnfitFile('Config', `its map for ${variable} has \`${others.name}\`: write every entry into it`)
  const strangers = map.block.find(({ name }) => name === 'default')?.words[0]
  if (strangers !== pool && strangers !== bracketed(pool))
    throw new UnfitFile(
      'Config',
      `its map for ${variable} gives strangers ${strangers ?? 'nothing'}: write \`default ${pool};\``,
    )
  const { body } = map
  return {
    source: map.words[0] ?? '',
    users: map.block.flatMap((entry) => userOf(entry, to) ?? []),
    others: map.block.flatMap((entry) => otherIn(entry, to)),
    former: text
      .slice(body.from, body.to)
      .split('\n')
      .flatMap((line) => FORMER.exec(line)?.[1]?.trim().split(' ') ?? []),
    body,
  }
}

/** The text with other members; lines of those who stay, and all other lines, are left as they are. Raises UnfitFile. */
export function withMembers(
  text: string,
  map: MapHere,
  { users, former, wanted }: { users: string[]; former: string[]; wanted: MapChoice },
): string {
  const { body } = map
  const inside = text.slice(body.from, body.to)
  const indent = /^([ \t]+)\S/m.exec(inside)?.[1] ?? '    '
  const closing = /\n[ \t]*$/.exec(inside)?.[0] ?? '\n'
  const lines = inside.slice(0, inside.length - (inside.endsWith(closing) ? closing.length : 0)).split('\n')
  const kept = lines.filter((line) => {
    if (FORMER.test(line)) return false
    const user = userOnLine(line, wanted.to)
    return user === null || users.includes(user)
  })
  const there = kept.flatMap((line) => userOnLine(line, wanted.to) ?? [])
  const added = users
    .filter((user) => !there.includes(user))
    .map((user) => `${indent}"~^${escaped(user)}$" ${wanted.to};`)
  const note = Array.from({ length: Math.ceil(former.length / FORMER_IN_LINE) }, (_, at) => {
    const names = former.slice(at * FORMER_IN_LINE, (at + 1) * FORMER_IN_LINE)
    return `${indent}# before the reload: ${names.join(' ')}`
  })
  const next = `${text.slice(0, body.from)}${[...kept, ...note, ...added].join('\n')}${closing}${text.slice(body.to)}`
  const found = findMap(next, wanted).users
  if (found.length === users.length && users.every((user) => found.includes(user))) return next
  throw new UnfitFile(
    'Config',
    `its map for ${wanted.variable} has several entries in a line: write one a line`,
  )
}

function mapsIn(text: string): Directive[] {
  try {
    return every(parse(text), 'map')
  } catch (error) {
    if (error instanceof UnfitSyntax) throw new UnfitFile('Rejected', error.message)
    throw error
  }
}

const WORDS = ['default', 'volatile', 'hostnames', 'include']

/** An entry that leads one user to `to`, and nobody who is called like that in other letters; any other is somebody else's. */
function userOf({ name, words }: Directive, to: string): string | null {
  if (words[0] !== to) return null
  const body = /^~\^(.+)\$$/.exec(name)?.[1] ?? ''
  return LITERAL.test(body) ? body.replaceAll(/\\(.)/g, '$1') : null
}

const LITERAL = /^(?:[^\s\\^$.|?*+()[\]{}]|\\[^\sA-Za-z0-9])+$/ // no sign of it means more than itself

function otherIn(entry: Directive, to: string): Other[] {
  const { name, words } = entry
  return WORDS.includes(name) || userOf(entry, to) !== null ? [] : [{ name, value: words[0] ?? '' }]
}

/** Of the entries of somebody else's the first that fits a user: it comes before ours, and NGINX goes by it. */
export function otherFor({ others }: MapHere, user: string): Other | undefined {
  return others.find(({ name }) => fits(name, user))
}

function fits(name: string, user: string): boolean {
  if (!name.startsWith('~')) return name.replace(/^\\/, '').toLowerCase() === user.toLowerCase()
  const [, star, body = ''] = /^~(\*?)(.*)$/s.exec(name) ?? []
  try {
    return new RegExp(body, star === '*' ? 'i' : '').test(user)
  } catch {
    return false // an expression that only PCRE knows: who is led is asked of the workers all the same
  }
}

function userOnLine(line: string, to: string): string | null {
  try {
    const [entry, ...more] = parse(line)
    return entry === undefined || more.length > 0 ? null : userOf(entry, to)
  } catch {
    return null // a part of an entry: not ours to change
  }
}

function bracketed(variable: string): string {
  return `\${${variable.slice(1)}}`
}
