// What guards of a first runbook could ask: for `cutover init`, which looks once and writes down what it found.
import { z } from 'zod'
import { exchange } from '../../http.ts'

const ANSWERS_WITHIN_MS = 3_000
const ANSWER_BYTES_MAX = 1_000_000 // names and labels, not values
const Answer = z.object({ status: z.literal('success'), data: z.array(z.string()) })

export type FoundMetrics = {
  /** Of those that count requests, as applications and proxies usually name them. */
  metrics: string[]
  /** What stands in the label `side` of each. */
  sides: { [metric: string]: string[] }
}

/** Names that say how many requests there were and, by a label, how they ended. */
const COUNTING = ['http_requests_total', 'haproxy_server_http_responses_total']

/** Throws what Prometheus said. */
export async function discover(url: string): Promise<FoundMetrics> {
  const address = url.replace(/\/+$/, '')
  const values = async (label: string, match: string): Promise<string[]> => {
    const query = new URLSearchParams({ 'match[]': match })
    const { body } = await exchange(fetch, {
      what: `look at what Prometheus at ${address} has`,
      url: `${address}/api/v1/label/${label}/values?${query}`,
      init: { method: 'GET', headers: {} },
      signal: new AbortController().signal,
      timeoutMs: ANSWERS_WITHIN_MS,
      bytesMax: ANSWER_BYTES_MAX,
    })
    return Answer.parse(JSON.parse(body)).data
  }
  const metrics = await values('__name__', `{__name__=~"${COUNTING.join('|')}"}`)
  const sides = await Promise.all(
    metrics.map(async (metric) => [metric, await values('side', metric)] as const),
  )
  return { metrics: COUNTING.filter((metric) => metrics.includes(metric)), sides: Object.fromEntries(sides) }
}
