// One HTTP request over a connection of its own, as a new client of the service would make it. Not by fetch: fetch
// drops a Host header, reuses connections that a broken listener no longer accepts, and refuses some ports.
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { IncomingMessage } from 'node:http'

const BODY_BYTES_MAX = 256 * 1024 // a health answer is small; the rest cannot change the verdict

export interface Request {
  url: string
  method: string
  headers: Record<string, string>
  body: string | null
  signal: AbortSignal
}

export interface Answer {
  status: number
  location: string | null
  body: string
  /** Until the last byte that was read, connection included. */
  latencyMs: number
}

/** Rejects with the error of the connection, or with the reason of the signal. */
export function ask({ url, method, headers, body, signal }: Request): Promise<Answer> {
  const begin = performance.now()
  const send = url.startsWith('https:') ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(signal.aborted ? signal.reason : error)
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const options = {
      method,
      agent: false,
      signal,
      headers: { ...headers, ...length, 'accept-encoding': 'identity' },
    }
    const outgoing = send(url, options, (incoming) => {
      read(incoming).then(
        (text) =>
          resolve({
            status: incoming.statusCode ?? 0,
            location: incoming.headers.location ?? null,
            body: text,
            latencyMs: Math.round(performance.now() - begin),
          }),
        fail,
      )
    })
    outgoing.on('error', fail)
    outgoing.end(body ?? undefined)
  })
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) break // leaving the loop closes the connection
  }
  return Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX).toString('utf8')
}
