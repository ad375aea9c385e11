// Where secrets come from and how they are kept out of every text. References travel; contents never leave the worker.
import { readFile, stat } from 'node:fs/promises'
import { failure, kindOf } from './failure.ts'
import type { Secrets } from './provider.ts'
import { isListed } from './secret-list.ts'

const FILE_BYTES_MAX = 64 * 1024 // keys and certificates fit; a wrong path to a database dump does not
const MASK = '[secret]'
const REFERENCE = /^(env:|file:\/)/
const OWN_VARIABLES = 'env:TEMPORAL_' // how the worker proves itself to Temporal is no runbook's business

export interface ReadSecrets extends Secrets {
  /** Every secret read so far, for `redact`. Never to be written anywhere. */
  known(): readonly string[]
}

/**
 * Secrets from the given environment and from files, read anew each time: a rotated secret needs no restart. `allowed`:
 * references that runbooks may use, `*` at the end of one standing for anything; null = all but Temporal's own variables.
 */
export function connectSecrets(
  env: Record<string, string | undefined>,
  allowed: readonly string[] | null = null,
): ReadSecrets {
  const known = new Set<string>()
  return {
    known: () => [...known],
    async read(reference) {
      if (!REFERENCE.test(reference)) throw noReference()
      if (!(await isAllowed(reference, allowed))) throw notAllowed(reference)
      const content = withoutFinalNewline(await contentOf(reference, env))
      if (content === '') throw failure('Config', `secret ${reference} is empty: put the secret there`)
      known.add(content)
      return content
    },
  }
}

/** `text` with every known secret, as it is or as URLs and JSON write it, replaced by `[secret]`. */
export function redact(text: string, secretsReadSoFar: readonly string[]): string {
  const forms = [...new Set(secretsReadSoFar.flatMap(writtenForms))].sort((a, b) => b.length - a.length)
  if (forms.length === 0) return text
  return text.replaceAll(new RegExp(forms.map(literal).join('|'), 'g'), MASK)
}

/** As RegExp.escape, which Node 22 has not got. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

/**
 * `text` with everything masked that looks like a credential (`password=...`, `Bearer ...`, `//user:pass@`). For the
 * words of foreign programs, whose secrets were never ours to read. A second net, never the first.
 */
export function redactLookalikes(text: string): string {
  return text
    .replaceAll(/\b(bearer|basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${MASK}`)
    .replaceAll(/(:\/\/[^\s:/@]*:)[^\s@/]+@/g, `$1${MASK}@`)
    .replaceAll(
      /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&]+)/gi,
      `$1${MASK}`,
    )
}

/** The text itself stays unsaid: someone may have written the secret where its reference belongs. */
function noReference(): Error {
  return failure(
    'Config',
    'not a reference to a secret: write env:NAME or file:/path, never the secret itself',
  )
}

async function isAllowed(reference: string, allowed: readonly string[] | null): Promise<boolean> {
  return allowed === null ? !reference.startsWith(OWN_VARIABLES) : await isListed(reference, allowed)
}

function notAllowed(reference: string): Error {
  return failure(
    'Denied',
    `secret ${reference} is not one that runbooks may use on this worker: its owner lists those in CUTOVER_SECRETS`,
  )
}

async function contentOf(reference: string, env: Record<string, string | undefined>): Promise<string> {
  if (reference.startsWith('file:')) return await fileContent(reference)
  const content = env[reference.slice('env:'.length)]
  if (content !== undefined) return content
  throw failure(
    'Config',
    `secret ${reference} is not set in the worker's environment: set it and restart the worker`,
  )
}

async function fileContent(reference: string): Promise<string> {
  const path = reference.slice('file:'.length)
  try {
    const found = await stat(path)
    if (!found.isFile()) throw failure('Config', `secret ${reference} is no file`) // a device may have no end
    if (found.size <= FILE_BYTES_MAX) return await readFile(path, 'utf8')
  } catch (error) {
    if (kindOf(error) !== null) throw error
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw failure('Config', `secret ${reference} cannot be read by the worker: ${code}`, { cause: error })
  }
  throw failure(
    'Config',
    `secret ${reference} is larger than ${FILE_BYTES_MAX / 1024} KiB: not a file of one secret`,
  )
}

function withoutFinalNewline(text: string): string {
  return text.replace(/\r?\n$/, '') // editors and `kubectl create secret` add it; no secret ends with one on purpose
}

function writtenForms(secret: string): string[] {
  if (secret === '') return []
  return [secret, JSON.stringify(secret).slice(1, -1), inUrl(secret), Buffer.from(secret).toString('base64')]
}

function inUrl(secret: string): string {
  try {
    return encodeURIComponent(secret)
  } catch {
    return secret // half a surrogate pair: no URL can hold it
  }
}
