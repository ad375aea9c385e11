// The query API of Prometheus, in its words: one instant query, one answer or error. Knows nothing of our ports.
import { z } from 'zod'
import { type HttpAnswer, exchange } from '../../http.ts'

const ANSWER_BYTES_MAX = 1024 * 1024 // thousands of series: more than that is no single number anyway
const GRACE_MS = 500 // Prometheus gets to say itself that a query took too long

const Sample = z.tuple([z.number(), z.string()])
const Lines = z
  .array(z.string())
  .nullish()
  .transform((lines) => lines ?? [])
const Told = { warnings: Lines, infos: Lines }
const Labels = z.record(z.string(), z.string())

const Success = z.object({
  status: z.literal('success'),
  ...Told,
  /** Of VictoriaMetrics: some of its storage did not answer. */
  isPartial: z.boolean().default(false),
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ metric: Labels, value: Sample.optional() })),
    }),
    z.object({ resultType: z.literal('scalar'), result: Sample }),
    z.object({ resultType: z.literal('string'), result: Sample }),
    z.object({ resultType: z.literal('matrix'), result: z.array(z.unknown()) }),
  ]),
})
const Failed = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })
export const Answer = z.discriminatedUnion('status', [Success, Failed])

export type QuerySuccess = z.infer<typeof Success>
export type Answer = z.infer<typeof Answer>

/** POST has no limit on the length of a query; GET is all that some proxies let readers do. */
export type Method = 'GET' | 'POST'

export interface InstantQuery {
  url: string
  method: Method
  headers: Record<string, string>
  query: string
  atMs: number
  timeoutMs: number
  signal: AbortSignal
}

export type QueryAnswer = HttpAnswer & { method: Method; parsed: Answer | null }

/** The answer to one instant query; `parsed` null = not the JSON of this API. Raises what `exchange` raises. */
export async function instantQuery(
  fetch: typeof globalThis.fetch,
  { url, method, headers, query, atMs, timeoutMs, signal }: InstantQuery,
): Promise<QueryAnswer> {
  const address = `${url.replace(/\/+$/, '')}/api/v1/query`
  const form = new URLSearchParams({
    query,
    time: (atMs / 1_000).toFixed(3),
    timeout: `${timeoutMs}ms`,
  }).toString()
  const accept = { ...headers, accept: 'application/json' }
  const answer = await exchange(fetch, {
    what: `query Prometheus at ${url}`,
    url: method === 'GET' ? `${address}?${form}` : address,
    init:
      method === 'GET'
        ? { method, headers: accept }
        : {
            method,
            headers: { ...accept, 'content-type': 'application/x-www-form-urlencoded' },
            body: form,
          },
    signal,
    timeoutMs: timeoutMs + GRACE_MS,
    bytesMax: ANSWER_BYTES_MAX,
  })
  return { ...answer, method, parsed: parse(answer.body) }
}

function parse(body: string): Answer | null {
  try {
    return Answer.safeParse(JSON.parse(body)).data ?? null
  } catch {
    return null // not JSON: the caller says what came instead
  }
}
