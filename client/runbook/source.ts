// YAML text -> plain JSON with the place of every key and value. Refuses what YAML allows and a runbook must not have:
// duplicate keys, aliases without end, tags, several documents. Knows nothing about runbooks.
import {
  type Document,
  LineCounter,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
} from 'yaml'
import type { Json, JsonObject } from '../../workflows/json.ts'
import { type Finding, type Path, quoted } from './problem.ts'
import { strangeSign } from './pasted.ts'
import { inQuotes, yamlFindings } from './yaml-errors.ts'

const DEPTH_MAX = 32 // the deepest runbook is about eight levels
const NODES_MAX = 50_000 // what 1 MiB of honest YAML holds; aliases of aliases reach it in a few lines
const ALIASES_MAX = 100 // sharing a resolver list is fine, a runbook made of references is not readable
const FINDINGS_MAX = 50 // a file that is no YAML at all has thousands
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])
// C0 and C1 controls but tab and line ends, and bidirectional overrides: they would forge what a terminal shows.
export const CONTROL = /[^\P{Cc}\t\r\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

type Place = { key: number; value: number; end: number }

/** A parsed file: its content and where each part of it stands. */
export type Source = {
  text: string
  value: Json
  findings: Finding[]
  /** Line and column, from 1, of what `path` names; of its nearest parent when it is not there. */
  locate(finding: Finding): { line: number; column: number; lastLine: number }
}

export function parseSource(text: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const walk: Walk = { document, text, places: new Map(), findings: [], nodes: 0, aliases: 0 }
  walk.findings.push(...yamlFindings([...document.errors, ...document.warnings].slice(0, FINDINGS_MAX), text))
  const value = walk.findings.length === 0 ? toJson(walk, document.contents, []) : null
  return {
    text,
    value,
    findings: walk.findings.slice(0, FINDINGS_MAX),
    locate(finding) {
      const place = placeOf(walk, finding)
      const { line, col } = lines.linePos(place.from)
      return {
        line: Math.max(1, line),
        column: Math.max(1, col),
        lastLine: Math.max(1, lines.linePos(place.end).line),
      }
    },
  }
}

type Walk = {
  document: Document.Parsed
  text: string
  places: Map<string, Place>
  findings: Finding[]
  nodes: number
  aliases: number
}

function toJson(walk: Walk, node: Node | null, path: Path): Json {
  const key = walk.places.get(keyOf(path))?.key // set by the mapping that holds it
  const value = node?.range?.[0] ?? key ?? 0
  walk.places.set(keyOf(path), { key: key ?? value, value, end: node?.range?.[1] ?? value })
  if (isExhausted(walk, path)) return null
  if (isAlias(node)) return resolveAlias(walk, node.source, path)
  if (isMap(node)) return mapToJson(walk, node as YAMLMap.Parsed, path)
  if (isSeq(node)) return node.items.map((item, index) => toJson(walk, item as Node, [...path, index]))
  if (isScalar(node)) {
    const isBesideItsKey = key !== undefined && !walk.text.slice(key, value).includes('\n')
    noteStrangeSign(walk, node, isBesideItsKey)
    return scalarToJson(walk, node.value, path)
  }
  return null
}

/** Outside quotes a blank or a sign that YAML does not know as one makes another word of its neighbours: nothing else is believed. */
function noteStrangeSign({ findings, text }: Walk, { type, range }: Scalar, isValue: boolean): void {
  if (type !== 'PLAIN' || !range) return
  const found = strangeSign(text, { start: range[0], end: range[1], isValue })
  if (found !== null) findings.push({ path: [], ...found })
}

/** Too deep or too much: said once, and nothing below is looked at. */
function isExhausted(walk: Walk, path: Path): boolean {
  walk.nodes += 1
  if (walk.nodes > NODES_MAX) {
    if (walk.nodes === NODES_MAX + 1) {
      walk.findings.push({
        path: path.slice(0, 1),
        message: 'the file expands to too much: aliases of aliases',
        fix: 'write it out',
      })
    }
    return true
  }
  if (path.length <= DEPTH_MAX) return false
  walk.findings.push({
    path: path.slice(0, DEPTH_MAX),
    message: `nested deeper than ${DEPTH_MAX} levels`,
    fix: null,
  })
  walk.nodes = NODES_MAX + 1 // an alias inside its own anchor would report this for ever
  return true
}

function resolveAlias(walk: Walk, anchor: string, path: Path): Json {
  walk.aliases += 1
  if (walk.aliases === ALIASES_MAX + 1) {
    walk.findings.push({ path, message: `more than ${ALIASES_MAX} aliases`, fix: 'write the values out' })
  }
  if (walk.aliases > ALIASES_MAX) return null
  const place = walk.places.get(keyOf(path))
  const target = findAnchor(walk.document.contents, anchor, place?.value ?? 0)
  if (target === null) {
    const message = `there is no anchor &${anchor} before this alias`
    const fix = `if it is text, ${inQuotes(walk.text, place?.value ?? 0)}`
    // No place of the content: what else would be said of a value that is not there is a guess.
    walk.findings.push({ path: [], position: place?.value ?? 0, message, fix })
    return null
  }
  return toJson(walk, target, path)
}

/** The last node with that anchor that starts before the alias; as YAML has it, an anchor may be set anew. */
function findAnchor(root: Node | null, anchor: string, before: number): Node | null {
  let found: Node | null = null
  const pending: (Node | null)[] = [root]
  while (pending.length > 0) {
    const node = pending.pop() ?? null
    if (node === null || isAlias(node)) continue
    const start = node.range?.[0] ?? 0
    if (
      (node as { anchor?: string }).anchor === anchor &&
      start < before &&
      start >= (found?.range?.[0] ?? 0)
    )
      found = node
    if (isMap(node))
      for (const pair of node.items) pending.push(pair.key as Node | null, pair.value as Node | null)
    else if (isSeq(node)) pending.push(...(node.items as Node[]))
  }
  return found
}

function mapToJson(walk: Walk, map: YAMLMap.Parsed, path: Path): JsonObject {
  const json: JsonObject = {}
  for (const pair of map.items as Pair<Node | null, Node | null>[]) {
    const offset = pair.key?.range?.[0] ?? map.range[0]
    if (!isScalar(pair.key) || typeof pair.key.value === 'object') {
      walk.findings.push(noKey(walk, path, { map, offset }))
      continue
    }
    noteStrangeSign(walk, pair.key, false)
    const key = String(pair.key.value)
    const here = [...path, key]
    const refusal = keyRefusal(key, json)
    if (refusal !== null) {
      walk.findings.push({ path: here, position: offset, ...refusal })
      continue
    }
    walk.places.set(keyOf(here), { key: offset, value: offset, end: offset })
    json[key] = toJson(walk, pair.value, here)
  }
  return json
}

/** `{{ .Values.x }}` reads as a mapping whose key is a mapping: nothing else is said of it then. */
function noKey(
  { text }: Walk,
  path: Path,
  { map, offset }: { map: YAMLMap.Parsed; offset: number },
): Finding {
  const isTemplate = /^\{\{[^{}\n]{0,200}\}\}/.test(text.slice(map.range[0]))
  if (!isTemplate) return { path, position: offset, message: 'a key must be a plain word', fix: null }
  const message = 'a template was left here: {{ ... }}'
  return { path: [], position: map.range[0], message, fix: 'put the value in its place, or text in quotes' }
}

function keyRefusal(key: string, json: JsonObject): { message: string; fix: string | null } | null {
  if (key === '<<') return { message: 'merge keys (<<) are not part of a runbook', fix: 'repeat the fields' }
  if (FORBIDDEN_KEYS.has(key)) return { message: `a key cannot be called ${key}`, fix: null }
  if (CONTROL.test(key)) return { message: 'the key holds a control character', fix: null }
  if (Object.hasOwn(json, key)) return { message: `duplicate key ${quoted(key)}`, fix: 'keep one of them' }
  return null
}

function scalarToJson(walk: Walk, value: unknown, path: Path): Json {
  if (typeof value === 'string' && CONTROL.test(value)) {
    walk.findings.push({ path, message: 'the text holds a control character', fix: 'write plain text' })
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    walk.findings.push({ path, message: 'not a finite number', fix: null })
    return 0
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

function placeOf({ places, text }: Walk, finding: Finding): { from: number; end: number } {
  if (finding.position !== undefined) return { from: finding.position, end: finding.position }
  for (let depth = finding.path.length; depth >= 0; depth--) {
    const place = places.get(keyOf(finding.path.slice(0, depth)))
    if (place === undefined) continue
    const isExact = depth === finding.path.length
    // A missing key has no place: its parent is named, by its key where it has one.
    const from = (finding.at === 'key' || !isExact) && depth > 0 ? place.key : place.value
    return { from: isExact ? inside(text, from, finding.offset ?? 0) : from, end: place.end }
  }
  return { from: 0, end: 0 }
}

/** A place inside a text, where its characters stand in the file as they are: on one line without escapes, or in a block. */
function inside(text: string, start: number, offset: number): number {
  if (/[|>]/.test(text[start] ?? '')) return insideBlock(text, start, offset)
  if (offset === 0) return start
  const first = start + (/["']/.test(text[start] ?? '') ? 1 : 0)
  const isPlain = !/^[|>]|[\n\\]/.test(text.slice(first, first + offset))
  return isPlain ? first + offset : start
}

/** Of a block every line counts without its indentation; where `>` folds lines, a blank stands for the line break. */
function insideBlock(text: string, start: number, offset: number): number {
  let line = text.indexOf('\n', start) + 1
  if (line === 0) return start
  const indentation = /^[ \n]*?( *)\S/.exec(text.slice(line))?.[1]?.length ?? 0
  for (let left = offset; ;) {
    const next = text.indexOf('\n', line)
    const length = Math.max(0, (next === -1 ? text.length : next) - line - indentation)
    if (left <= length) return line + indentation + left
    if (next === -1) return start
    left -= length + 1
    line = next + 1
  }
}

function keyOf(path: Path): string {
  return JSON.stringify(path)
}
