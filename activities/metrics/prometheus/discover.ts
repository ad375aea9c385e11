// What guards of a first runbook could ask: for `cutover init`, which looks once and writes down what it found.
import { z } from 'zod'

const ANSWERS_WITHIN_MS = 3_000
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
  const values = async (label: string, match: string): Promise<string[]> => {
    const query = new URLSearchParams({ 'match[]': match })
    const answer = await fetch(`${url.replace(/\/+$/, '')}/api/v1/label/${label}/values?${query}`, {
      signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
    })
    return Answer.parse(await answer.json()).data
  }
  const metrics = await values('__name__', `{__name__=~"${COUNTING.join('|')}"}`)
  const sides = await Promise.all(
    metrics.map(async (metric) => [metric, await values('side', metric)] as const),
  )
  return { metrics: COUNTING.filter((metric) => metrics.includes(metric)), sides: Object.fromEntries(sides) }
}
