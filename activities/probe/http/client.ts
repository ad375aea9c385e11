// One HTTP request over a connection of its own, as a new client of the service would make it. Not by fetch: fetch
// drops a Host header, reuses connections that a broken listener no longer accepts, and refuses some ports.
import { type Dispatcher, request } from 'undici'

const BODY_BYTES_MAX = 256 * 1024 // a health answer is small; the rest cannot change the verdict

export interface Request {
  url: string
  method: string
  headers: Record<string, string>
  body: string | null
  signal: AbortSignal
  /** Makes a new connection for each request. */
  dispatcher: Dispatcher
}

export interface Answer {
  status: number
  location: string | null
  body: string
  /** Until the last byte that was read, connection included. */
  latencyMs: number
}

/** Rejects with the error of the connection, or with the reason of the signal. */
export async function ask({ url, method, headers, body, signal, dispatcher }: Request): Promise<Answer> {
  const begin = performance.now()
  try {
    const answer = await request(url, {
      dispatcher,
      method,
      headers: { ...headers, 'accept-encoding': 'identity' },
      body,
      signal,
    })
    const text = await read(answer.body)
    const { location = null } = answer.headers
    return {
      status: answer.statusCode,
      location: Array.isArray(location) ? (location[0] ?? null) : location,
      body: text,
      latencyMs: Math.round(performance.now() - begin),
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}

async function read(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) break // leaving the loop closes the connection
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8')
}
