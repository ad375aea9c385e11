// Finds secrets written in clear anywhere in a runbook. Says where, never what: no part of a value enters a message.
import { isSecretReference } from '../../../activities/config.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Finding, Path } from '../problem.ts'

const FIX = 'write env:NAME or file:/path: the worker reads the secret there'
const SECRET_KEY =
  /(?:^|[_-])(?:password|passwd|pwd|passphrase|secret|token|credentials?|(?:api|access|private|signing|tsig|secret)[_-]?key)$/i
const KEY_FIELD = /(?:^|[_-])key$/i
const LONG_BASE64 = /^[A-Za-z0-9+/_-]{20,}={0,2}$/ // 15 bytes and more: no name of a key looks like that
// Every repetition is bounded: a line of a million letters must not keep anyone waiting.
const LOOKS = [
  [/:\/\/[^\s/?#@:]{0,256}:[^\s/?#@]{1,1024}@/, 'an address with a password in it'],
  [
    /[?&](?:password|passwd|token|secret|api_?key|access_?token|sig|signature)=[^&\s]{6,}/i,
    'an address with a secret in it',
  ],
  [/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/, 'a private key'],
  [/\b(?:bearer|basic)\s+[\w.~+/=-]{8,}/i, 'credentials'],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, 'an AWS access key'],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}\b/, 'a GitHub token'],
  [/\bglpat-[\w-]{20,}\b/, 'a GitLab token'],
  [/\bxox[abeoprs]-[\w-]{10,}\b/, 'a Slack token'],
  [/\bhttps:\/\/hooks\.slack\.com\/services\/\w+/, 'a Slack address, which is a secret itself'],
  [/\beyJ[\w-]{8,4096}\.[\w-]{8,4096}\.[\w-]{8}/, 'a signed token'],
] as const

const SECRET_LINE =
  /(?:password|passwd|pwd|passphrase|secret|token|credentials?|key)["']?\s{0,99}[:=]\s{0,99}(?!["']?(?:env:|file:\/))[^\s{[]/i

/** Whether a line of a file, read as YAML or not, may hold a secret and must not be shown. Errs on the side of silence. */
export function mayHoldSecret(line: string): boolean {
  return SECRET_LINE.test(line) || LOOKS.some(([pattern]) => pattern.test(line))
}

export function secretFindings(value: Json, path: Path = []): Finding[] {
  if (typeof value === 'string' || typeof value === 'number') return scalarFindings(value, path)
  if (Array.isArray(value)) return value.flatMap((item, index) => secretFindings(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => secretFindings(item, [...path, key]))
}

function scalarFindings(value: string | number, path: Path): Finding[] {
  const what = secretIn(String(value), String(path.at(-1) ?? ''))
  return what === null ? [] : [{ path, message: `${what}, written in clear`, fix: FIX, secret: true }]
}

function secretIn(text: string, key: string): string | null {
  if (text === '' || isSecretReference(text)) return null
  if (SECRET_KEY.test(key)) return 'a secret'
  if (KEY_FIELD.test(key) && LONG_BASE64.test(text)) return 'what looks like a key'
  return LOOKS.find(([pattern]) => pattern.test(text))?.[1] ?? null
}
