// One reader of a run for all who watch it in this process: it looks while somebody waits, and tells each what has changed
// since the version they have. Ten who watch cost the server what one costs.
import { randomUUID } from 'node:crypto'
import type { Json } from '../workflows/json.ts'
import { sameJson } from '../workflows/json.ts'
import type { TemporalAccess } from './access.ts'
import { follow } from './follow.ts'
import type { RunView } from './model.ts'

const IDLE_MS = 3_000 // it goes on looking for so long after the last reader has gone: most of them ask again at once

export type News = {
  /** To be given back with the next question. */
  version: string
  /** Whether `changed` is all of the view: the reader had no version of this feed. */
  isWhole: boolean
  /** The fields that are other than at the version given. */
  changed: Partial<RunView>
  /** The Temporal server does not answer, so this may be old; null = it does. */
  lost: string | null
  /** The run has ended, and this is the last of it. */
  isLast: boolean
}

export interface Feed {
  /**
   * What has changed since `version`, as soon as anything has; all of it where that is null or of another feed. Of a run that
   * has ended, at once. undefined = `signal` came first. Raises RunTrouble when there is no such run.
   */
  since(version: string | null, signal: AbortSignal): Promise<News | undefined>
}

type LastView = {
  view: RunView
  lost: string | null
  /** Counts the changes; 0 is before the first look. */
  number: number
  /** By field: the change that brought its present content. */
  changedAt: { [field: string]: number }
}

type Reader = { number: number; resolve: (news: News | undefined) => void; reject: (error: unknown) => void }

export function feedOf(access: TemporalAccess, of: { service: string; runId?: string }): Feed {
  const epoch = randomUUID()
  const readers = new Set<Reader>()
  let kept: LastView | null = null
  let looking: AbortController | null = null
  let isFresh = false // what is kept was seen by the look that goes on
  let idle: NodeJS.Timeout | undefined

  const news = (number: number, now: LastView): News => newsSince(number, now, epoch)

  /** Looks for as long as somebody reads, and a little longer. */
  function rest(): void {
    clearTimeout(idle)
    if (readers.size === 0) idle = setTimeout(() => looking?.abort(), IDLE_MS).unref()
  }

  function bring(view: RunView, lost: string | null): void {
    kept = after(kept, view, lost)
    isFresh = true
    for (const reader of readers) {
      if (kept.number === reader.number && !isOver(kept.view)) continue
      readers.delete(reader)
      reader.resolve(news(reader.number, kept))
    }
    rest()
  }

  async function look(signal: AbortSignal): Promise<void> {
    try {
      const last = await follow(access, {
        ...of,
        signal,
        isLast: isOver,
        seen: (view) => bring(view, null),
        lost: (problem) => kept !== null && bring(kept.view, problem.message),
        progress: () => {},
      })
      if (last !== undefined) bring(last, null)
    } catch (error) {
      for (const reader of readers) reader.reject(error)
      readers.clear()
    }
  }

  function begin(): void {
    if (looking !== null) return // under way, or ending: then it begins anew behind that
    const mine = new AbortController()
    looking = mine
    void look(mine.signal).then(() => {
      looking = null
      isFresh = false
      if (readers.size > 0) begin()
    })
  }

  return {
    async since(version, signal) {
      const number = numberIn(version, epoch)
      // What was left alone for a while is old: it is looked at again before anything is told of it.
      if (kept !== null && (isOver(kept.view) || (isFresh && kept.number !== number)))
        return news(number, kept)
      if (signal.aborted) return undefined
      const { promise, resolve, reject } = Promise.withResolvers<News | undefined>()
      const reader: Reader = { number, resolve, reject }
      const leave = (): void => {
        readers.delete(reader)
        rest()
        resolve(undefined)
      }
      readers.add(reader)
      rest()
      begin()
      signal.addEventListener('abort', leave, { once: true })
      return await promise.finally(() => signal.removeEventListener('abort', leave))
    },
  }
}

const isOver = ({ endedAt }: RunView): boolean => endedAt !== null

/** What is kept after a look; the same number where nothing has changed. */
function after(before: LastView | null, view: RunView, lost: string | null): LastView {
  const number = (before?.number ?? 0) + 1
  const was = (before?.view ?? {}) as { [field: string]: Json }
  const other = Object.entries(view as unknown as { [field: string]: Json })
    .filter(([field, value]) => before === null || !sameJson(was[field] ?? null, value))
    .map(([field]) => [field, number] as const)
  if (before !== null && other.length === 0 && before.lost === lost) return before
  return { view, lost, number, changedAt: { ...before?.changedAt, ...Object.fromEntries(other) } }
}

function newsSince(since: number, { view, lost, number, changedAt }: LastView, epoch: string): News {
  const changed = Object.entries(view).filter(([field]) => (changedAt[field] ?? 0) > since)
  return {
    version: `${epoch}.${number}`,
    isWhole: since === 0,
    changed: Object.fromEntries(changed),
    lost,
    isLast: isOver(view),
  }
}

/** 0 for a reader that has nothing of this feed. */
function numberIn(version: string | null, epoch: string): number {
  if (version === null || !version.startsWith(`${epoch}.`)) return 0
  const number = Number(version.slice(epoch.length + 1))
  return Number.isInteger(number) && number > 0 ? number : 0
}
