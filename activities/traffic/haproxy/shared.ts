// Several processes on one port (SO_REUSEPORT, an address before several machines): each has weights of its own, and a socket tells of one
// process only. Asked by the port itself, which of them answer: one that no connection names is found by its answers. Read only.
import type { Io } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { matches } from '../../../workflows/json.ts'
import { failure } from '../../failure.ts'
import { excerpt, exchange, statusKind } from '../../http.ts'
import { type Cli, HaproxyRefusal, ask, firstLine, readBackend } from './client.ts'
import { refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import type { Sides } from './servers.ts'
import { splitOf } from './weights.ts'
import { workersOf } from './workers.ts'

// The system deals out connections by their addresses and ports: of two processes one stays unheard in 32 with a chance of one in four
// thousand million, of eight in one look of seventy. Every look of a proof asks anew.
const QUESTIONS = 32
const AT_ONCE = 8 // each over a connection of its own
const ANSWER_MS_MAX = 2_000 // HAProxy answers by itself, within a millisecond
const ANSWER_BYTES_MAX = 4_096

export interface Port {
  config: HaproxyConfig
  sides: Sides
  fetch: typeof globalThis.fetch
}

/** A sentence for each process of the port that this list of sockets does not speak for; `desired`: and for each that has other weights. */
export async function strayOn(
  port: Port,
  { own, desired }: { own: Cli; desired?: Split },
  io: Io,
): Promise<string[]> {
  const { shared, socket } = port.config
  if (shared === undefined) return []
  const heard = await heardAt(port, shared.url, io)
  const named = new Map([[await processOf(socket, own, io), socket]])
  const words: string[] = []
  for (const other of shared.others) {
    const found = await lookAt(port, other, { io, ...(desired === undefined ? {} : { desired }) })
    if ('process' in found) named.set(found.process, other)
    if (found.words !== null) words.push(found.words)
  }
  for (const process of heard.keys())
    if (!named.has(process))
      words.push(
        `process ${process} answers at ${shared.url} and is behind none of ${[...named.values()].join(', ')}: it goes by weights of its own; give it a connection in the list of each step, and its socket here (shared.others)`,
      )
  for (const [process, at] of named)
    if (!heard.has(process))
      words.push(
        `process ${process} behind ${at} gave none of ${QUESTIONS} answers at ${shared.url}: users may not come in there`,
      )
  return words
}

type Found = { process: string; words: string | null } | { words: string }

async function lookAt(
  { config, sides }: Port,
  socket: string,
  { io, desired }: { io: Io; desired?: Split },
): Promise<Found> {
  try {
    const { present } = await workersOf({ ...config, socket }, io)
    const process = await processOf(socket, present, io)
    if (desired === undefined) return { process, words: null }
    const { servers } = await readBackend(present, config.backend, io.signal)
    const all = [...sides.old, ...sides.new]
    const own = servers.filter(({ name }) => all.includes(name))
    const split = splitOf(Object.fromEntries(own.map(({ name, weight }) => [name, weight])), sides)
    const isAsDesired = matches(split, desired)
    return {
      process,
      words: isAsDesired
        ? null
        : `process ${process} behind ${socket} has ${JSON.stringify(split)}, not as desired`,
    }
  } catch (error) {
    const said = refused({ doing: `asking the process behind ${socket}`, writes: false }, error, io.signal)
    if (io.signal.aborted) throw said
    return { words: said instanceof Error ? said.message : String(said) }
  }
}

/** As the port itself names it: `PID@HOST`. */
async function processOf(socket: string, cli: Cli, io: Io): Promise<string> {
  const doing = { doing: `asking ${socket} for its process`, writes: false }
  const reply = await ask(cli, 'show info', io.signal).catch((error: unknown) => {
    throw refused(doing, error, io.signal)
  })
  const [pid, node] = [/^Pid: (\d+)/m.exec(reply)?.[1], /^node: (\S+)/m.exec(reply)?.[1]]
  if (pid === undefined || node === undefined)
    throw refused(doing, new HaproxyRefusal(firstLine(reply)), io.signal)
  return `${pid}@${node}`
}

async function heardAt(port: Port, url: string, io: Io): Promise<Map<string, number>> {
  const heard = new Map<string, number>()
  for (let asked = 0; asked < QUESTIONS; asked += AT_ONCE) {
    const some = await Promise.all(Array.from({ length: AT_ONCE }, () => askPort(port, url, io)))
    for (const process of some) heard.set(process, (heard.get(process) ?? 0) + 1)
  }
  return heard
}

async function askPort({ fetch }: Port, url: string, io: Io): Promise<string> {
  const what = `asking ${url} which process answers`
  const { status, body } = await exchange(fetch, {
    what,
    url,
    init: { method: 'GET', headers: { connection: 'close' } },
    signal: io.signal,
    timeoutMs: ANSWER_MS_MAX,
    bytesMax: ANSWER_BYTES_MAX,
  })
  if (status !== 200) throw failure(statusKind(status), `${what}: status ${status}: ${excerpt(body)}`)
  const process = /^process=(\d+@\S+)/m.exec(body)?.[1]
  if (process !== undefined) return process
  const rule = 'http-request return status 200 content-type text/plain lf-string "process=%pid@%H"'
  throw failure(
    'Config',
    `${what}: it said "${excerpt(body)}", without process=; the frontend needs: ${rule}`,
  )
}
