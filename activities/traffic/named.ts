// The proxies that a connection names, asked one by one, beside each other. One that does not answer is told, holds a value that nobody
// knows, and stands in the way of no write: going back must not wait for it, and is not over without it either. Reads only.
import type { Elsewhere, Io } from '../../workflows/ports/target.ts'
import { isRefused, isTold } from '../http.ts'

const ANSWER_MS_MAX = 2_500 // of one that was never heard: a proxy may have tens of thousands of routes to tell
const ANSWER_MS_MIN = 1_000 // of one that answers within milliseconds: users wait for this on the way back, where it is frozen
const TIMES_AS_LONG = 20 // a busy machine
const PEAK_KEPT = 0.8 // of how long it has taken: a moment that was busy is not over with one quick answer
const JUST_MS = 4_000 // a call has so long, and several questions: one that was waited for in vain is not waited for as long again

export interface NamedProxy {
  url: string
  fetch: typeof globalThis.fetch
}

/** One that could not be asked, and why. `isRefused`: nothing listens there. */
export interface Silence {
  silent: string
  isRefused: boolean
}
export type Hearing<T> = { url: string } & (T | Silence)

export interface NamedProxies {
  /** As messages call one of them. */
  word: string
  all: NamedProxy[]
  /** How they answered last, by address: so long is waited for the next answer. */
  known: Map<string, Answer>
}
interface Answer {
  tookMs: number | null
  waitedInVainAt: number
}

/** How one of them is asked; `timeoutMs`: of one question. */
export type Question = NamedProxy & { signal: AbortSignal; timeoutMs: number }

export function namedProxies(
  word: string,
  urls: readonly string[],
  fetch: NamedProxy['fetch'],
): NamedProxies {
  return { word, all: urls.map((url) => ({ url, fetch })), known: new Map() }
}

export async function askEach<T extends object>(
  { word, all, known }: NamedProxies,
  io: Io,
  ask: (each: Question) => Promise<T>,
): Promise<Hearing<T>[]> {
  return await Promise.all(
    all.map(async (each) => {
      const { url } = each
      const before = known.get(url) ?? { tookMs: null, waitedInVainAt: -Infinity }
      const timeoutMs = patienceMs(before)
      const askedAt = performance.now()
      try {
        const answer = await ask({ ...each, signal: io.signal, timeoutMs })
        const tookMs = Math.max(performance.now() - askedAt, (before.tookMs ?? 0) * PEAK_KEPT)
        known.set(url, { tookMs, waitedInVainAt: -Infinity })
        return { url, ...answer }
      } catch (error) {
        if (isTold(io.signal)) throw error
        if (timeoutMs > ANSWER_MS_MIN) known.set(url, { ...before, waitedInVainAt: performance.now() })
        const silent = `the ${word} ${url} could not be asked: ${(error as Error).message}`
        return { url, silent, isRefused: isRefused(error) }
      }
    }),
  )
}

function patienceMs({ tookMs, waitedInVainAt }: Answer): number {
  if (performance.now() - waitedInVainAt < JUST_MS) return ANSWER_MS_MIN
  return tookMs === null
    ? ANSWER_MS_MAX
    : Math.min(ANSWER_MS_MAX, Math.max(ANSWER_MS_MIN, Math.ceil(tookMs * TIMES_AS_LONG)))
}

/**
 * What those serve that could not be asked: nobody knows. A process that is gone is one of them, as of several HAProxy: its address
 * refuses just as one whose port-forward has ended, and that one goes on serving users.
 */
export function untoldOf(looks: readonly ({ url: string } & (object | Silence))[]): Elsewhere[] {
  return looks.flatMap((look): Elsewhere[] =>
    'silent' in look ? [{ place: `${look.silent}: ${fateOf(look)}`, value: null, isUntold: true }] : [],
  )
}

export function unheardOf(looks: readonly ({ url: string } & (object | Silence))[]): string[] {
  return looks.flatMap((look) => ('silent' in look ? [look.silent] : []))
}

function fateOf({ isRefused: isGone }: Silence): string {
  return isGone
    ? 'a proxy that is gone serves nobody, one that is merely out of reach serves what it last had'
    : 'while it stands still it may go on serving what it last had'
}
