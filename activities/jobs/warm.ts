// Warms caches: requests URLs in turns. A URL that fails is counted, never raised.
import { type Tools, defineJob } from './job.ts'

export type WarmSpec = { urls: string[]; rounds: number }
export type Warmed = { requests: number; failed: number }

export const warm = defineJob<WarmSpec, Warmed>({
  unit: 'requests',
  begin: () => ({ requests: 0, failed: 0 }),
  progress: (spec, { requests }) => ({ done: requests, total: total(spec) }),
  isOver: (spec, { requests }) => requests >= total(spec),
  async piece({ urls }, { requests, failed }, tools) {
    const url = urls[requests % urls.length] as string
    const isGood = await requested(url, tools)
    return { requests: requests + 1, failed: failed + (isGood ? 0 : 1) }
  },
})

function total({ urls, rounds }: WarmSpec): number {
  return urls.length * rounds
}

async function requested(url: string, { fetch, signal }: Tools): Promise<boolean> {
  try {
    const response = await fetch(url, { signal, redirect: 'manual' })
    await response.arrayBuffer() // read to its end: that is what fills a cache, and it frees the connection
    return response.status < 400
  } catch {
    return false // counted; a prewarm that fails must not fail the run
  }
}
