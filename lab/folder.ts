// Temporary folders that do not outlive the lab, however it ends.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FOLDER_PREFIX, recordFolder, sweepLeftovers } from './records.ts'

export type Folder = { path: string; remove: () => void }

/** Gone with `remove` or, at the latest, with the next start of any server. */
export function createFolder(name: string): Folder {
  sweepLeftovers()
  process.setMaxListeners(0) // one listener per server and folder, all removed again
  const path = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${name}-`))
  const forget = recordFolder(path)
  const remove = (): void => {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 })
    forget()
    process.removeListener('exit', remove)
  }
  process.on('exit', remove)
  return { path, remove }
}
