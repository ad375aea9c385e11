// Which process is asked: the one behind a `stats socket`, or, through the master CLI, the present worker of a master and those that
// reloads have sent away and that still finish what they had begun. Facts of 2.6, verified 2026-11-27.
import type { Io } from '../../../workflows/ports/target.ts'
import { failure } from '../../failure.ts'
import {
  type BackendStat,
  type Cli,
  HaproxyGone,
  HaproxyRefusal,
  type ServerStat,
  askMaster,
  firstLine,
  readBackend,
} from './client.ts'
import { refused } from './refusals.ts'
import type { HaproxyConfig } from './schema.ts'
import type { Sides, Weights } from './servers.ts'

export interface Workers {
  present: Cli
  /** Seconds since the last reload, as far as it is known. */
  sinceS: number | null
  leaving: { pid: string; cli: Cli }[]
}

/** A worker of before a reload. Its weights cannot be set any more: HAProxy answers "Proxy is disabled." */
export interface Leaving {
  pid: string
  stats: Record<string, ServerStat>
  weights: Weights
  /** It was given a request after the reload: a connection that was kept open (`close-spread-time`) may bring the next one. */
  isServing: boolean
}

/** A worker is named by its process id, so that a line never ends at another worker than it began at. */
export async function workersOf({ socket, master }: HaproxyConfig, io: Io): Promise<Workers> {
  if (master !== true) return { present: socket, sinceS: null, leaving: [] }
  const doing = { doing: `asking the master at ${socket} for its workers`, writes: false }
  try {
    return parseWorkers(socket, await askMaster(socket, 'show proc', io.signal))
  } catch (error) {
    if (error instanceof HaproxyRefusal && error.message.startsWith('Unknown command'))
      throw failure(
        'Config',
        `${doing.doing}: it knows no workers; this is no master CLI (option -S): leave out \`master: true\``,
      )
    throw refused(doing, error, io.signal)
  }
}

/** The table of `show proc`. A worker that outlived a failed reload stays under "workers", whatever its count of reloads says. */
export function parseWorkers(master: string, reply: string): Workers {
  if (reply.trim() === '') throw new HaproxyGone('the connection was closed without an answer')
  if (!reply.startsWith('#<PID>')) throw new HaproxyRefusal(firstLine(reply))
  const under = (heading: string): RegExpExecArray[] => {
    const section = reply.split(/^(?=# )/m).find((each) => each.startsWith(`# ${heading}\n`)) ?? ''
    return [...section.matchAll(/^(\d+)\s+worker\s+.*?(\d+)d(\d+)h(\d+)m(\d+)s/gm)] as RegExpExecArray[]
  }
  const [present] = under('workers')
  if (present === undefined) throw new HaproxyGone('the master has no worker at the moment')
  const [, pid = '', days, hours, minutes, seconds] = present
  const worker = (of: string): Cli => ({ master, worker: `@!${of}` })
  return {
    present: worker(pid),
    sinceS: ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds),
    leaving: under('old workers').map(([, old = '']) => ({ pid: old, cli: worker(old) })),
  }
}

/** Those that have gone meanwhile, and those that never had this backend, have nothing of it. */
export async function lookAtLeaving(
  { config, sides, place }: { config: HaproxyConfig; sides: Sides; place: string },
  { leaving, sinceS }: Workers,
  io: Io,
): Promise<Leaving[]> {
  const looks = leaving.map(async ({ pid, cli }): Promise<Leaving[]> => {
    try {
      return [leavingOf({ pid, sinceS, sides }, await readBackend(cli, config.backend, io.signal))]
    } catch (error) {
      const isGone = error instanceof HaproxyGone || error instanceof HaproxyRefusal
      if (isGone && !io.signal.aborted) return []
      throw refused({ doing: `reading ${place}, worker ${pid}`, writes: false }, error, io.signal)
    }
  })
  return (await Promise.all(looks)).flat()
}

function leavingOf(
  { pid, sinceS, sides }: { pid: string; sinceS: number | null; sides: Sides },
  backend: BackendStat,
): Leaving {
  const stats = Object.fromEntries(backend.servers.map((server) => [server.name, server]))
  const weights = Object.fromEntries(
    [...sides.old, ...sides.new].map((name) => [name, stats[name]?.weight ?? 0]),
  )
  const { lastRequestS } = backend
  // Whole seconds on both sides: what was given right before the reload may seem to be one second younger.
  const isServing = lastRequestS !== null && sinceS !== null && lastRequestS + 1 < sinceS
  return { pid, stats, weights, isServing }
}
