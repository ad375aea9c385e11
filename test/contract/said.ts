// What a provider says while a contract is tried on it: the failures that cases provoke, with all their words, and in the end
// the search for secrets in them and in its log.
import { expect } from 'vitest'
import { kindOf } from '../../activities/failure.ts'

export interface Refusal {
  kind: string | null
  text: string
  error: unknown
}

/** The failure of a call that must fail; its words are kept in `said`. */
export async function refusalOf(call: Promise<unknown>, said: string[]): Promise<Refusal> {
  const error: unknown = await call.then(
    (value) => expect.fail(`expected a failure, got ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  const text = wordsOf(error)
  said.push(text)
  return { kind: kindOf(error), text, error }
}

/** Every message of an error and its causes, with the details that Temporal would carry. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const details = JSON.stringify((error as { details?: unknown }).details ?? null)
  const kind = kindOf(error)
  const own = `${kind === null ? '' : `[${kind}] `}${error.message} ${details}`
  return error.cause === undefined ? own : `${own}\n${wordsOf(error.cause)}`
}

export interface Telling {
  deps: { lines?: string[] }
  wrongCredentials?: { deps?: { lines?: string[] } }
  /** Must appear in no message or log. */
  secrets: string[]
  end(): Promise<void>
}

/** Ends the bench; what was said until then, and logged until the end, names no secret. */
export async function endWithoutSecrets(bench: Telling, said: string[]): Promise<void> {
  await bench.end()
  const logged = [...(bench.deps.lines ?? []), ...(bench.wrongCredentials?.deps?.lines ?? [])]
  for (const secret of bench.secrets) {
    for (const line of [...said, ...logged])
      expect(line, 'no secret in a message or log').not.toContain(secret)
  }
}
