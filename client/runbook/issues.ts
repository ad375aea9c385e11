// zod's issues -> findings: each with the exact path, plain words and what would be right there.
import type { z } from 'zod'
import { Limit, Name } from '../../workflows/scalars.ts'
import type { Json } from '../../workflows/json.ts'
import { oneOf, suggest } from './suggestions.ts'
import { type Finding, type Path, quoted } from './problem.ts'
import { limitFix, quantityFix } from './quantity-fixes.ts'
import { descriptionAt, exampleAt, keysAt, patternAt } from './schema-at.ts'

const NAME_LENGTH_MAX = 63 // of Name in scalars.ts
const NAME = patternAt(Name, [])?.source
const LIMIT = patternAt(Limit, [])?.source

type Issue = z.core.$ZodIssue
type Where = { schema: z.ZodType; value: Json; base: Path }

/** The findings of checking `value`, which stands at `base` in the file, against `schema`. */
export function issueFindings(issues: readonly Issue[], where: Where): Finding[] {
  const findings = issues.flatMap((issue) => finding(issue, where))
  // A key that is only mistyped is not missing as well.
  return findings.filter(({ path, fix }) => {
    const offered = `did you mean ${JSON.stringify(path.at(-1))}?`
    const isTyped = findings.some((other) => other.fix === offered && isSibling(other.path, path))
    return !(isTyped && fix?.startsWith(ADD_IT) === true)
  })
}

const ADD_IT = 'add it'

function isSibling(a: Path, b: Path): boolean {
  return a.length === b.length && a.slice(0, -1).every((part, index) => part === b[index])
}

function finding(issue: Issue, where: Where): Finding[] {
  const inner = issue.path as Path
  const path = [...where.base, ...inner]
  const typed = valueAt(where.value, inner)
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, inner, where))
    case 'invalid_type':
    case 'invalid_value':
      return [typed === undefined ? missing(inner, where) : wrongValue(issue, typed, where)]
    case 'invalid_format':
      return [{ path, message: formatMessage(issue), fix: fixAt(inner, typed ?? null, where) }]
    case 'invalid_union':
      return typed === undefined ? [missing(inner, where)] : unionFindings(issue, where)
    case 'invalid_key':
      return [
        {
          path,
          at: 'key',
          message: firstMessage(issue.issues, 'not a valid name'),
          fix: nameFix(inner.at(-1)),
        },
      ]
    case 'too_small':
    case 'too_big':
      return [{ path, message: sizeMessage(issue), fix: exampleFix(inner, where) }]
    case 'custom':
      return [{ path, message: issue.message, fix: refinementFix(issue.message) ?? exampleFix(inner, where) }]
    default:
      return [{ path, message: issue.message, fix: exampleFix(inner, where) }]
  }
}

function unknownKey(key: string, inner: Path, where: Where): Finding {
  const known = keysAt(where.schema, inner)
  const present = Object.keys((valueAt(where.value, inner) ?? {}) as object)
  const missingKeys = known.filter((word) => !present.includes(word))
  return {
    path: [...where.base, ...inner, key],
    at: 'key',
    message: `unknown key ${quoted(key)}`,
    fix: suggest(key, missingKeys.length > 0 ? missingKeys : known),
  }
}

function missing(inner: Path, where: Where): Finding {
  const key = inner.at(-1)
  const about = descriptionAt(where.schema, inner)
  const example = exampleAt(where.schema, inner)
  return {
    path: [...where.base, ...inner],
    message: typeof key === 'string' ? `${quoted(key)} is missing` : 'a value is missing',
    fix:
      example !== null
        ? `add it, for example ${String(key)}: ${example}`
        : about === null
          ? 'add it'
          : `add it: ${lowerFirst(about)}`,
  }
}

function wrongValue(
  issue: Extract<Issue, { code: 'invalid_type' | 'invalid_value' }>,
  typed: Json,
  where: Where,
): Finding {
  const inner = issue.path as Path
  const path = [...where.base, ...inner]
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String)
    return { path, message: `must be ${values.join(' or ')}`, fix: oneOf(values) }
  }
  const pattern = patternAt(where.schema, inner)
  const fix =
    issue.expected === 'string' && pattern !== null ? fixAt(inner, typed, where) : exampleFix(inner, where)
  return {
    path,
    message: `must be ${TYPES[issue.expected] ?? issue.expected}, not ${typeName(typed)}`,
    fix: fix ?? emptyFix(typed, issue.expected),
  }
}

const TYPES: Record<string, string> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false',
  object: 'a mapping', record: 'a mapping', array: 'a list', tuple: 'a list', null: 'empty',
} // prettier-ignore

function typeName(value: Json): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : (TYPES[typeof value] ?? typeof value)
}

function emptyFix(typed: Json, expected: string): string | null {
  if (typed === null && (expected === 'object' || expected === 'record'))
    return 'indent its fields below it, or write {}'
  if (expected === 'string' && typed !== null && typeof typed === 'object')
    return `put text that begins with ${Array.isArray(typed) ? '[' : '{'} in quotes`
  if (expected === 'array' && typed !== null) return 'write [a, b], or each below it behind a dash'
  return null
}

/** The member of the union that the value comes closest to speaks for it. */
function unionFindings(issue: Extract<Issue, { code: 'invalid_union' }>, where: Where): Finding[] {
  const inner = issue.path as Path
  const value = valueAt(where.value, inner) ?? null
  const members = issue.errors.filter((errors) => errors.length > 0)
  const deepest = members.toSorted((a, b) => depth(b) - depth(a))[0]
  const options = members.flatMap((errors) =>
    errors.flatMap((error) =>
      error.code === 'invalid_value' && error.path.length === 0 ? error.values.map(String) : [],
    ),
  )
  if (deepest !== undefined && depth(deepest) > 0) {
    return deepest.flatMap((error) => finding({ ...error, path: [...inner, ...error.path] }, where))
  }
  const ofRightType = members.find((errors) =>
    errors.every((error) => error.code !== 'invalid_type' && error.code !== 'invalid_value'),
  )
  const isOurs = issue.message !== 'Invalid input'
  if (!isOurs && ofRightType !== undefined && value !== null) {
    return ofRightType.flatMap((error) => finding({ ...error, path: [...inner, ...error.path] }, where))
  }
  return [
    {
      path: [...where.base, ...inner],
      message: isOurs ? issue.message : `not a valid value: ${typeName(value)}`,
      fix:
        fixAt(inner, value, where) ??
        (options.length > 0 && typeof value === 'string' ? suggest(value, options) : null),
    },
  ]
}

function depth(issues: readonly Issue[]): number {
  return Math.max(
    0,
    ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)),
  )
}

function fixAt(inner: Path, typed: Json, where: Where): string | null {
  const pattern = patternAt(where.schema, inner)
  const fix = pattern === null ? null : formFix(pattern, typed)
  const about = descriptionAt(where.schema, inner)
  return fix ?? exampleFix(inner, where) ?? (about === null ? null : lowerFirst(about))
}

function formFix(pattern: RegExp, typed: Json): string | null {
  if (pattern.source === NAME) return nameFix(typed)
  return pattern.source === LIMIT ? limitFix(typed) : quantityFix(pattern, typed)
}

function exampleFix(inner: Path, where: Where): string | null {
  const example = exampleAt(where.schema, inner)
  return example === null ? null : `for example ${example}`
}

/** Fixes for rules whose example would be right in form and wrong in sense. */
function refinementFix(message: string): string | null {
  if (message.startsWith('weights must rise')) return 'write them in rising order, such as [5%, 25%, 50%]'
  if (message.endsWith('exceed 100%')) return 'write 100% or less'
  if (message.endsWith('never later')) return 'write at most the time that every says'
  return null
}

function formatMessage(issue: Extract<Issue, { code: 'invalid_format' }>): string {
  if (!issue.message.startsWith('Invalid')) return issue.message
  return issue.format === 'url' ? 'not a URL' : 'not in the right form'
}

function firstMessage(issues: readonly Issue[], otherwise: string): string {
  return issues[0]?.message ?? otherwise
}

function sizeMessage(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (!/^Too (?:small|big)/.test(issue.message)) return issue.message
  const [limit, word] = issue.code === 'too_small' ? [issue.minimum, 'at least'] : [issue.maximum, 'at most']
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''
  const bound = issue.inclusive === false ? (issue.code === 'too_small' ? 'more than' : 'less than') : word
  return Number(limit) === 1 && issue.code === 'too_small' && unit !== ''
    ? 'must not be empty'
    : `must be ${bound} ${limit}${unit}`
}

/** `Orders API` -> `orders-api`. */
function nameFix(key: Json | undefined): string | null {
  const name = (typeof key === 'string' ? key.slice(0, NAME_LENGTH_MAX) : '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
  return name === '' ? null : oneOf([name])
}

function valueAt(value: Json, path: Path): Json | undefined {
  let found: Json | undefined = value
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as { [key: string]: Json })[part]
  }
  return found
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
