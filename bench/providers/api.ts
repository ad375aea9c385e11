// Raw calls of the API server over kept-alive connections, and a watch of one object: what backend and peer are measured with. Tells
// the moment at which the API server's own event came in, the same for whoever has written.
import { readFileSync } from 'node:fs'
import { Agent, fetch } from 'undici'
import type { Kubernetes } from '../../lab/servers/kubernetes.ts'

const WAIT_MS_MAX = 30_000 // far longer than anything that is measured; a hang must still end

export interface Api {
  patch(path: string, type: 'json' | 'merge', body: object): Promise<void>
  /** The moments at which the object was seen; ends with `close`. */
  watch<T>(collection: string, name: string): Promise<Watch<T>>
  close(): Promise<void>
}

export interface Watch<T> {
  /** Resolves with the moment of the first event from `since` on that is as wanted; of what was last seen, where that is. */
  when(what: string, isWanted: (object: T) => boolean): Promise<number>
  last(): T | null
  close(): void
}

export function connectApi(kubernetes: Kubernetes): Api {
  const dispatcher = new Agent({ connect: { ca: readFileSync(kubernetes.ca, 'utf8') }, bodyTimeout: 0 })
  const headers = { authorization: `Bearer ${kubernetes.admin}` }
  return {
    async patch(path, type, body) {
      const answer = await fetch(`${kubernetes.url}${path}`, {
        method: 'PATCH',
        dispatcher,
        headers: { ...headers, 'content-type': `application/${type}-patch+json` },
        body: JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`PATCH ${path}: ${answer.status} ${text}`)
    },
    async watch<T>(collection: string, name: string) {
      const ending = new AbortController()
      const query = `watch=true&fieldSelector=metadata.name%3D${name}`
      const answer = await fetch(`${kubernetes.url}${collection}?${query}`, {
        dispatcher,
        headers,
        signal: ending.signal,
      })
      if (!answer.ok || answer.body === null) throw new Error(`watching ${collection}: ${answer.status}`)
      return follow<T>(answer.body, () => ending.abort())
    },
    close: () => dispatcher.destroy(),
  }
}

type Waiting<T> = { isWanted(object: T): boolean; found(at: number): void }

function follow<T>(body: AsyncIterable<Uint8Array>, close: () => void): Watch<T> {
  let seen: { object: T; at: number } | null = null
  const waiting = new Set<Waiting<T>>()
  const reading = (async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      const at = Date.now()
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        seen = { object: (JSON.parse(line) as { object: T }).object, at }
        for (const each of waiting) if (each.isWanted(seen.object)) each.found(at)
      }
    }
  })()
  reading.catch(() => {}) // closed by its owner; whoever waits has a deadline of its own
  return {
    last: () => seen?.object ?? null,
    close,
    when: (what, isWanted) =>
      new Promise((resolve, reject) => {
        if (seen !== null && isWanted(seen.object)) return resolve(seen.at)
        const each: Waiting<T> = {
          isWanted,
          found: (at) => {
            clearTimeout(timer)
            waiting.delete(each)
            resolve(at)
          },
        }
        const timer = setTimeout(() => {
          waiting.delete(each)
          reject(
            new Error(
              `${what}: not seen within ${WAIT_MS_MAX / 1_000} s; last ${JSON.stringify(seen?.object)}`,
            ),
          )
        }, WAIT_MS_MAX)
        waiting.add(each)
      }),
  }
}
