// Turns a message of a person or a tool into a decision whose texts are of bounded length. A message may hold anything. It is read
// here and nowhere else, and parts that do not fit are left out. Pure.
import { unreadableBecause } from '../payloads.ts'
import { personKey } from '../people.ts'
import type { Decision, Verb } from './state.ts'

const REASON_MAX = 1_000 // a paragraph; all decisions of a run are kept with it
const NAME_MAX = 128 // as long as a name of the runbook may be
const ID_MAX = 600 // a gate about the longest name of a record
const DIGEST_MAX = 64
const VALUE_MAX = 128 // a duration; the longest name of a guard and its limit
const VERBS = 'approve, abort, retry, skip, extend, retune, promote, pause, resume'
// Line ends, other controls and bidirectional overrides would forge what a terminal shows.
const CONTROLS = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu

export const SOMEONE = 'someone (by signal)'

/** A decision, or why it could not be read as one. */
export type Incoming = Decision | { unreadable: string }

/** The argument of an update: everything must be there. */
export function decisionOf(said: unknown): Incoming {
  const why = unreadableBecause(said)
  if (why !== null) return { unreadable: why }
  if (!isRecord(said))
    return { unreadable: 'it is no object with gate, verdict, actor, reason and decisionId' }
  const { verdict } = said
  if (!isVerb(verdict)) return { unreadable: `its verdict is not one of ${VERBS}` }
  const decisionId = idOf(said['decisionId'])
  if (decisionId === null) return { unreadable: 'it has no decisionId' }
  return { ...partsOf(said), decisionId, verdict, actor: nameOf(said['actor']) ?? '' }
}

/**
 * The argument of a signal, which may be left out or be a reason alone. An abort counts whatever came with it: somebody
 * wants the run to go back, and will not hear that a word was misplaced.
 */
export function signalled(verdict: 'approve' | 'abort', said: unknown, fallbackId: string): Incoming {
  const why = unreadableBecause(said)
  if (why !== null && verdict !== 'abort') return { unreadable: why }
  const record = isRecord(said) ? said : {}
  const reason = typeof said === 'string' ? { reason: said } : why === null ? {} : { reason: `(${why})` }
  const { actor } = record
  return {
    ...partsOf({ ...record, ...reason }),
    verdict,
    decisionId: idOf(record['decisionId']) ?? fallbackId,
    actor: actor === undefined || actor === null ? SOMEONE : (nameOf(actor) ?? ''),
  }
}

function partsOf(said: Record<string, unknown>): Pick<Decision, 'gate' | 'value' | 'reason' | 'digest'> {
  const { digest } = said
  const value = textOf(said['value'], VALUE_MAX)
  return {
    gate: textOf(said['gate'], ID_MAX),
    ...(value === null ? {} : { value }),
    reason: textOf(said['reason'], REASON_MAX) ?? '',
    digest: typeof digest === 'string' ? digest.slice(0, DIGEST_MAX) : null,
  }
}

/** A name that is empty in every form is none. */
export function nameOf(said: unknown): string | null {
  const name = textOf(said, NAME_MAX)
  return name === null || personKey(name) === '' ? null : name
}

/** Both ends of a long one stay: ids of one sender begin alike. */
function idOf(said: unknown): string | null {
  const id = textOf(said, Number.POSITIVE_INFINITY)
  return id === null || id.length <= ID_MAX / 2 ? id : `${id.slice(0, ID_MAX / 4)}…${id.slice(-ID_MAX / 4)}`
}

/** One line, trimmed; null = no text, or an empty one. */
function textOf(said: unknown, max: number): string | null {
  if (typeof said !== 'string') return null
  const text = said
    .slice(0, Math.max(max * 2, 2_000))
    .replaceAll(CONTROLS, ' ')
    .trim()
  if (text === '') return null
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`
}

function isVerb(verdict: unknown): verdict is Verb {
  return typeof verdict === 'string' && VERBS.split(', ').includes(verdict)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
