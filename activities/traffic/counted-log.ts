// Requests counted in a log that a balancer writes, one line each, from the first look on: read on from where the last look
// ended, so that a look costs what was added since. Knows no form of line.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { Json, JsonObject } from '../../workflows/json.ts'
import { isObject } from '../../workflows/json.ts'

const READ_BYTES_MAX = 16 * 1024 * 1024 // of one look: minutes of a busy log; what is more is read by the next ones
const PIECE_BYTES = 256 * 1024

/** Where the next look reads on, and what was counted up to there. */
interface Cursor {
  file: string
  at: number
  counts: { [name: string]: number }
}

export interface LogCount {
  /** Since the first look; a name that no line had is not in it. */
  counts: { [name: string]: number }
  /** To be kept for the next look, under `log`. */
  cursor: JsonObject
  /** The log is another file than at the last look, or was emptied: what was counted before is no longer comparable. */
  isNew: boolean
  /** There is more to read than one look reads. */
  isBehind: boolean
}

/** `nameOf`: what a line counts for; null: for nothing. Raises what the file system raises. */
export async function countLog(
  path: string,
  { kept, nameOf }: { kept: Json | undefined; nameOf: (line: string) => string | null },
  signal: AbortSignal,
): Promise<LogCount> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    const { ino, size } = await handle.stat()
    const before = cursorOf(kept)
    const isSame = before !== null && before.file === String(ino) && before.at <= size
    if (!isSame) {
      const cursor = { file: String(ino), at: size, counts: {} }
      return { counts: {}, cursor, isNew: true, isBehind: false }
    }
    const counts = { ...before.counts }
    const end = Math.min(size, before.at + READ_BYTES_MAX)
    let left = ''
    let at = before.at
    while (at < end) {
      signal.throwIfAborted()
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(PIECE_BYTES, end - at)), {
        position: at,
      })
      if (bytesRead === 0) break
      at += bytesRead
      const lines = `${left}${buffer.toString('latin1', 0, bytesRead)}`.split('\n')
      left = lines.pop() ?? ''
      for (const line of lines) {
        const name = nameOf(line)
        if (name !== null) counts[name] = (counts[name] ?? 0) + 1
      }
    }
    // A line that has no end yet is read again, whole.
    const cursor = { file: before.file, at: at - left.length, counts }
    return { counts, cursor, isNew: false, isBehind: end < size }
  } finally {
    await handle.close()
  }
}

function cursorOf(kept: Json | undefined): Cursor | null {
  if (kept === undefined || !isObject(kept)) return null
  const { file, at, counts } = kept
  if (typeof file !== 'string' || typeof at !== 'number' || !isObject(counts ?? null)) return null
  return { file, at, counts: counts as Cursor['counts'] }
}
