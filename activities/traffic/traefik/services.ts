// Weights and percents of a service in a file of Traefik's file provider: read from its YAML, and replaced digit for digit, so
// that comments, order and indentation of a person's file stay. Pure.
import {
  type Document,
  type Node,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  visit,
} from 'yaml'
import type { FailureKind } from '../../../workflows/failure.ts'
import type { Mirror, Split } from '../../../workflows/ports/traffic.ts'
import { sharesOf, wholeWeights } from '../parts.ts'
import { fullName } from '../../traefik/api.ts'
import type { TraefikConfig } from './schema.ts'

/** The file or service is not of the shape that a cutover can work on; says what is there and what to write. */
export class UnfitService extends Error {
  readonly kind: FailureKind
  constructor(kind: FailureKind, message: string) {
    super(message)
    this.kind = kind
  }
}

/** A number in the text, by the name of the service it belongs to. */
export interface Figures {
  [name: string]: { value: number; from: number; to: number }
}

/** What Traefik's API says of the same. */
export type Served = { [name: string]: number }

/** Of the target's service in a file: each entry's weight, or percent. */
export function figuresIn(text: string, target: string, config: TraefikConfig): Figures {
  const document = parsed(text)
  const { path, service, list, number } = placeOf(target, config)
  refuseShared(document, [...path, list])
  const entries = document.getIn([...path, list], true)
  if (!isSeq(entries)) {
    const why = isAlias(entries) ? 'is an alias' : 'is not there'
    throw new UnfitService(
      'Missing',
      `${path.join('.')}.${list} ${why}; service ${service} must stand in this file`,
    )
  }
  const figures: Figures = {}
  for (const entry of entries.items) {
    const name = isMap(entry) ? entry.get('name') : undefined
    const figure = isMap(entry) ? entry.get(number, true) : undefined
    if (typeof name !== 'string')
      throw new UnfitService('Config', `an entry of service ${service} has no name`)
    if (!isScalar(figure) || typeof figure.value !== 'number' || !figure.range) {
      throw new UnfitService(
        'Config',
        `${name} has no ${number} in service ${service}: write one, for it is what changes`,
      )
    }
    if (fullName(name) in figures)
      throw new UnfitService('Config', `service ${service} names ${name} twice: write it once`)
    const [from, to] = figure.range
    figures[fullName(name)] = { value: figure.value, from, to }
  }
  return figures
}

export function servedFigures(answer: { [key: string]: unknown }, target: string): Served {
  const { kind, list, number } = FORMS[target === 'mirror' ? 'mirror' : 'split']
  const entries = (answer[kind] as { [key: string]: unknown } | undefined)?.[list]
  if (!Array.isArray(entries)) throw new UnfitService('Config', `it is no ${kind} service`)
  return Object.fromEntries(
    (entries as { name?: string; [number: string]: unknown }[]).map((entry) => [
      fullName(entry.name ?? ''),
      Number(entry[number] ?? (target === 'mirror' ? 0 : 1)), // the defaults of Traefik
    ]),
  )
}

/** Raises UnfitService for entries that a cutover does not move. */
export function valueOf(figures: Served, target: string, config: TraefikConfig): Split | Mirror {
  const names = { old: fullName(config.old), new: fullName(config.new) }
  if (target === 'mirror') {
    const shadow = fullName(config.shadow ?? '')
    if (!(shadow in figures)) {
      const there = Object.keys(figures).join(', ') || 'none'
      throw new UnfitService('Missing', `no mirror ${shadow}; there is ${there}: write it with percent 0`)
    }
    return { percent: figures[shadow]! }
  }
  const missing = Object.values(names).filter((name) => !(name in figures))
  if (missing.length > 0) {
    const there = Object.keys(figures).join(', ') || 'none'
    throw new UnfitService(
      'Missing',
      `no ${missing.join(', ')} in it; there is ${there}: write both, with weights`,
    )
  }
  const others = Object.entries(figures).filter(
    ([name, weight]) => name !== names.old && name !== names.new && weight !== 0,
  )
  if (others.length > 0) {
    const words = others.map(([name, weight]) => `${name} (weight ${weight})`).join(', ')
    throw new UnfitService(
      'Config',
      `it also sends to ${words}: a cutover moves requests between two services only`,
    )
  }
  const members = { [names.old]: figures[names.old]!, [names.new]: figures[names.new]! }
  const { split, isWritten } = sharesOf({ old: figures[names.old]!, new: figures[names.new]! })
  return isWritten ? split : { ...split, members }
}

/** The text with other figures. Raises UnfitService for a value that they cannot hold. */
export function edited(
  text: string,
  figures: Figures,
  { desired, config }: { desired: Split | Mirror; config: TraefikConfig },
): string {
  const wanted = figuresFor(desired, config)
  const changes = Object.entries(wanted)
    .map(([name, value]) => ({ ...place(figures, name), value }))
    .toSorted((a, b) => b.from - a.from) // from the end: places before stay where they are
  let next = text
  for (const { value, from, to } of changes) next = `${next.slice(0, from)}${value}${next.slice(to)}`
  return next
}

/** The text without the figures of the target, to compare the rest. */
export function besides(text: string, target: string, config: TraefikConfig): string {
  const names = target === 'mirror' ? [config.shadow ?? ''] : [config.old, config.new]
  const figures = figuresIn(text, target, config)
  let rest = text
  const places = names.map((name) => place(figures, fullName(name))).toSorted((a, b) => b.from - a.from)
  for (const { from, to } of places) rest = `${rest.slice(0, from)}${rest.slice(to)}`
  return rest
}

export function figuresFor(desired: Split | Mirror, config: TraefikConfig): Served {
  if ('percent' in desired) {
    const { percent } = desired
    if (Number.isInteger(percent) && percent >= 0 && percent <= 100)
      return { [fullName(config.shadow ?? '')]: percent }
    throw new UnfitService(
      'Rejected',
      `${percent} % cannot be mirrored: Traefik takes whole percents of 0 to 100`,
    )
  }
  const names = { old: fullName(config.old), new: fullName(config.new) }
  const asked = desired.members ?? { [names.old]: desired.old, [names.new]: desired.new }
  const weights = wholeWeights({ old: asked[names.old] ?? 0, new: asked[names.new] ?? 0 })
  if (typeof weights === 'string') throw new UnfitService('Rejected', weights)
  if (weights.old + weights.new === 0) {
    throw new UnfitService('Rejected', 'weights 0 and 0 would leave no service to send requests to')
  }
  return { [names.old]: weights.old, [names.new]: weights.new }
}

const FORMS = {
  split: { kind: 'weighted', list: 'services', number: 'weight' },
  mirror: { kind: 'mirroring', list: 'mirrors', number: 'percent' },
} as const

function placeOf(target: string, config: TraefikConfig) {
  const form = FORMS[target === 'mirror' ? 'mirror' : 'split']
  const service = (target === 'mirror' ? (config.mirroring ?? '') : config.service).replace(/@file$/, '')
  return { ...form, service, path: ['http', 'services', service, form.kind] }
}

/** What other places of the file repeat by an alias (`*name`) would change with it. */
function refuseShared(document: Document, path: string[]): void {
  const repeated = new Set<string>()
  visit(document, { Alias: (_, { source }) => void repeated.add(source) })
  const refuse = (node: unknown): void => {
    if (!isCollection(node) && !isScalar(node)) return
    if (node.anchor === undefined || !repeated.has(node.anchor)) return
    throw new UnfitService(
      'Config',
      `${path.join('.')} stands under &${node.anchor}, which other places repeat: they would change with it; write them out`,
    )
  }
  for (const length of path.keys()) refuse(document.getIn(path.slice(0, length + 1), true))
  const list = document.getIn(path, true)
  if (list !== undefined) visit(list as Node, (_, node) => refuse(node))
}

function place(figures: Figures, name: string): Figures[string] {
  const found = figures[name]
  if (found === undefined) throw new UnfitService('Missing', `no ${name} in it`)
  return found
}

function parsed(text: string): Document {
  const document = parseDocument(text, { logLevel: 'silent' })
  const [error] = document.errors
  if (error === undefined) return document
  throw new UnfitService('Rejected', `it is not YAML (a template?): ${error.message.split('\n')[0]}`)
}
