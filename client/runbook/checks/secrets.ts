// Finds secrets written in clear anywhere in a runbook. Says where, never what: no part of a value enters a message.
// What only sounds like one is none: prose about "basic monitoring", or what a health check is expected to say of a token.
import { isSecretReference } from '../../../activities/config.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Finding, Path } from '../problem.ts'

/** Ends a line whose author knows better. */
export const NO_SECRET = '# cutover: not-a-secret'

const FIX = `write env:NAME or file:/path: the worker reads the secret there; what is no secret: end its line with ${NO_SECRET}`
const SECRET_KEY =
  /(?:^|[_-])(?:password|passwd|pwd|passphrase|secret|token|credentials?|authorization|(?:api|access|private|signing|tsig|secret)[_-]?key)$/i
const KEY_FIELD = /(?:^|[_-])key$/i
const LONG_BASE64 = /^[A-Za-z0-9+/_-]{20,}={0,2}$/ // 15 bytes and more: no name of a key looks like that
const FLAG = /^--?[\w-]{0,64}(?:password|passwd|token|secret|api[_-]?key)$/i
const NAMED = /^(?:(--?[\w-]{1,80})=|[\w-]{0,64}(?:api-?key|token|authorization|secret):\s{1,9})(.+)$/is
const DECLARED = /(?:^|\s)#\s{0,9}cutover:\s{0,9}not-a-secret\s*$/
// Every repetition is bounded: a line of a million letters must not keep anyone waiting.
const LOOKS = [
  [/:\/\/[^\s/?#@:]{0,256}:[^\s/?#@]{1,1024}@/, 'an address with a password in it'],
  [
    /[?&](?:password|passwd|token|secret|api_?key|access_?token|sig|signature)=[^&\s]{6,}/i,
    'an address with a secret in it',
  ],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/, 'a private key'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}\b/, 'a GitHub token'],
  [/\bglpat-[\w-]{20,}\b/, 'a GitLab token'],
  [/\bxox[abeoprs]-[\w-]{10,}\b/, 'a Slack token'],
  [/\bhttps:\/\/hooks\.slack\.com\/services\/\w+/, 'a Slack address, which is a secret itself'],
  [/\beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{8}/, 'a signed token'],
] as const
const WORD_MAX = 20 // letters: internationalization
const NUMBER_MAX = 4 // digits: a year
const PARTS_MAX = 4 // words written as one
const CREDENTIALS = /\b(bearer|basic)\s{1,9}(?![a-z_]{1,64}=["'][^\s,}\]])([\w.~+/=-]{8,4096})/gi // no challenge: `Bearer realm="x"`

const SECRET_LINE =
  /(?:password|passwd|pwd|passphrase|secret|token|credentials?|authorization|key)["']?\s{0,99}[:=]\s{0,99}(?!["']?(?:env:|file:\/))[^\s{[]/i

/** Whether a line of a file, read as YAML or not, may hold a secret and must not be shown. Errs on the side of silence. */
export function mayHoldSecret(line: string): boolean {
  return !isDeclared(line) && (SECRET_LINE.test(line) || looksLike(line) !== null)
}

/** Whether its author says of a line that what looks like a secret is none. */
export function isDeclared(line: string): boolean {
  return DECLARED.test(line)
}

export function secretFindings(value: Json, path: Path = []): Finding[] {
  if (typeof value === 'string' || typeof value === 'number') return scalarFindings(value, path)
  if (Array.isArray(value)) return value.flatMap((_, index) => itemFindings(value, index, path))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => secretFindings(item, [...path, key]))
}

/** Of a list of arguments: what follows a flag, or stands in one word with it. */
function itemFindings(list: Json[], index: number, path: Path): Finding[] {
  const [before, item] = [list[index - 1], list[index] ?? null]
  const isFlagged = typeof before === 'string' && FLAG.test(before) && typeof item === 'string'
  const isSecret = isFlagged ? isContent(item) : typeof item === 'string' && isNamedSecret(item)
  return isSecret ? [finding('a secret', [...path, index])] : secretFindings(item, [...path, index])
}

function isNamedSecret(word: string): boolean {
  const [, flag, content = ''] = NAMED.exec(word) ?? []
  return flag === undefined ? isRandom(content) : FLAG.test(flag) && isContent(content)
}

/** Neither a reference, nor a path to it, nor another flag. */
function isContent(text: string): boolean {
  return text !== '' && !isSecretReference(text) && !/^[/.~-]/.test(text)
}

function scalarFindings(value: string | number, path: Path): Finding[] {
  const what = secretIn(String(value), path)
  return what === null ? [] : [finding(what, path)]
}

function finding(what: string, path: Path): Finding {
  return { path, message: `${what}, written in clear`, fix: FIX, secret: true }
}

function secretIn(text: string, path: Path): string | null {
  if (text === '' || isSecretReference(text)) return null
  const key = String(path.at(-1) ?? '')
  const isSaid = isExpected(path) && isWord(text)
  if (!isSaid && SECRET_KEY.test(key)) return 'a secret'
  if (!isSaid && KEY_FIELD.test(key) && LONG_BASE64.test(text)) return 'what looks like a key'
  return looksLike(text)
}

/** What an answer is expected to hold: `token: valid` says how a token fares, not what it is. */
function isExpected(path: Path): boolean {
  return path.includes('requests') && path.includes('expect')
}

/** Words and short numbers; a secret is longer than any of them, or mixes what words do not mix. */
function isWord(text: string): boolean {
  return text.split(/\s+/).every((word) => !isRandom(word))
}

function looksLike(text: string): string | null {
  const found = LOOKS.find(([pattern]) => pattern.test(text))
  if (found !== undefined) return found[1]
  return [...text.matchAll(CREDENTIALS)].some(isCredential) ? 'credentials' : null
}

function isCredential([, scheme = '', credential = '']: RegExpMatchArray): boolean {
  return scheme.toLowerCase() === 'basic' ? isUserAndPassword(credential) : isRandom(credential)
}

/** The scheme wants base64 of `user:password` (RFC 7617); a word of prose decodes to rubbish. */
function isUserAndPassword(credential: string): boolean {
  const bytes = Buffer.from(credential, 'base64')
  return bytes.includes(0x3a) && bytes.every((byte) => byte >= 0x20 && byte !== 0x7f)
}

function isRandom(text: string): boolean {
  return text.length >= 8 && (/[=~+]/.test(text) || !text.split(/[^A-Za-z0-9]+/).every(isOfWords))
}

/** `canary`, `v2`, `2026`, `OAuth2Client`: a few words written as one, and no more than one number. */
function isOfWords(piece: string): boolean {
  const [initial, ...more] = piece.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? []
  if (initial === undefined) return true
  const numbers = [initial, ...more].filter((part) => /^\d/.test(part))
  return (
    (/^[A-Zv]$/.test(initial) || isPart(initial)) && // OAuth, v2
    more.every(isPart) &&
    more.length < PARTS_MAX &&
    numbers.length <= 1
  )
}

function isPart(part: string): boolean {
  return /^\d/.test(part) ? part.length <= NUMBER_MAX : part.length >= 2 && part.length <= WORD_MAX
}
