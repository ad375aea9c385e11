// The query API of Prometheus, in its words: one instant query, one answer or error. Knows nothing of our ports.
import { z } from 'zod'
import { type HttpAnswer, exchange } from '../../http.ts'

const ANSWER_BYTES_MAX = 1024 * 1024 // thousands of series: more than that is no single number anyway
const GRACE_MS = 500 // Prometheus gets to say itself that a query took too long

const Sample = z.tuple([z.number(), z.string()])
const Told = { warnings: z.array(z.string()).default([]), infos: z.array(z.string()).default([]) }
const Labels = z.record(z.string(), z.string())

const Success = z.object({
  status: z.literal('success'),
  ...Told,
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

export type QueryData = z.infer<typeof Success>['data']
export type Answer = z.infer<typeof Answer>

export interface InstantQuery {
  url: string
  headers: Record<string, string>
  query: string
  atMs: number
  timeoutMs: number
  signal: AbortSignal
}

/** The answer to one instant query; `parsed` null = not the JSON of this API. Raises what `exchange` raises. */
export async function instantQuery(
  fetch: typeof globalThis.fetch,
  { url, headers, query, atMs, timeoutMs, signal }: InstantQuery,
): Promise<HttpAnswer & { parsed: Answer | null }> {
  const form = { query, time: (atMs / 1_000).toFixed(3), timeout: `${timeoutMs}ms` }
  const answer = await exchange(fetch, {
    what: `query Prometheus at ${url}`,
    url: `${url.replace(/\/+$/, '')}/api/v1/query`,
    init: {
      method: 'POST',
      headers: {
        ...headers,
        accept: 'application/json',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(form).toString(),
    },
    signal,
    timeoutMs: timeoutMs + GRACE_MS,
    bytesMax: ANSWER_BYTES_MAX,
  })
  return { ...answer, parsed: parse(answer.body) }
}

function parse(body: string): Answer | null {
  try {
    return Answer.safeParse(JSON.parse(body)).data ?? null
  } catch {
    return null // not JSON: the caller says what came instead
  }
}
