// The other place in which a cohort lives: the file that HAProxy loads the map from at its next reload. Lines of others stay.
import { FileChanged, type WholeFile, isLink, readWhole, replaceWhole } from '../whole-file.ts'
import { type MapEntry, inForce } from './maps.ts'

const TRIES_MAX = 3 // somebody who writes at the same moment is let through; the next try starts from their file

/** Comments and empty lines left out. Raises what the file system raises. */
export async function entriesOf(path: string, signal: AbortSignal): Promise<MapEntry[]> {
  return rowsOf((await readWhole(path, signal)).text).flatMap(({ entry }) => (entry === null ? [] : [entry]))
}

/**
 * Leaves one entry of `value` for each key; lines of those who stay, and all other lines, are left as they are. Raises over a key that
 * has another value: that one comes first, and a reload would go by it.
 */
export async function keepEntries(
  path: string,
  { keys, value }: { keys: string[]; value: string },
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const file = await readWhole(path, signal)
    if (await isLink(path)) throw new Error('it is a symbolic link: name the file itself')
    const rows = rowsOf(file.text)
    const ruling = inForce(rows.flatMap(({ entry }) => (entry === null ? [] : [entry])))
    const others = ruling.filter((entry) => entry.value !== value && keys.includes(entry.key))
    if (others.length > 0) {
      const words = others.map((entry) => `${entry.key} (${entry.value})`).join(', ')
      throw new Error(`it says something else of ${words}: take that line out`)
    }
    const led = ruling.filter((entry) => entry.value === value).map(({ key }) => key)
    const leaves = (entry: MapEntry) => led.includes(entry.key) && !keys.includes(entry.key)
    const kept = rows.filter(({ entry }) => entry?.value !== value || !leaves(entry))
    const there = kept.flatMap(({ entry }) => (entry?.value === value ? [entry.key] : []))
    const added = keys.filter((key) => !there.includes(key))
    const text = [...kept.map(({ line }) => line), ...added.map((key) => `${key} ${value}`)]
      .map((line) => `${line}\n`)
      .join('')
    if (text === file.text) return
    const to: WholeFile = { ...file, text }
    try {
      return await replaceWhole(path, { from: file.text, to })
    } catch (error) {
      if (!(error instanceof FileChanged) || attempt === TRIES_MAX) throw error
    }
  }
}

function rowsOf(text: string): { line: string; entry: MapEntry | null }[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => {
    const [, key, value = ''] = /^\s*([^#\s]\S*)(?:\s+(.*?))?\s*$/.exec(line) ?? []
    return { line, entry: key === undefined ? null : { key, value } }
  })
}
