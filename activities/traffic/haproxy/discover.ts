// What a first runbook could move: for `cutover init`, which looks once and writes down what it found.
import { readBackends } from './client.ts'

const ANSWERS_WITHIN_MS = 3_000

export type FoundBackend = { backend: string; servers: { name: string; weight: number }[] }

/** Backends with two servers or more. Throws what the socket said. */
export async function discover(socket: string): Promise<FoundBackend[]> {
  const backends = await readBackends(socket, AbortSignal.timeout(ANSWERS_WITHIN_MS))
  return Object.entries(backends).flatMap(([backend, { servers }]) =>
    servers.length < 2 ? [] : [{ backend, servers: servers.map(({ name, weight }) => ({ name, weight })) }],
  )
}
