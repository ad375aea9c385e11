// Which file a bare name of a runbook stands for. A runbook chooses among what the worker's owner placed; nothing else.
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { failure } from '../failure.ts'

const NAMES_SHOWN_MAX = 10 // enough to see a typo
const WRITABLE_BY_ALL = 0o002
const EXECUTABLE_BY_ANY = 0o111

/** Real path of the executable. Raises Config (absent, not executable) and Denied (someone else could have put it there). */
export async function findExecutable(name: string, commandFolder: string | null): Promise<string> {
  if (commandFolder === null) {
    throw failure(
      'Config',
      `run ${name}: this worker runs no commands; set CUTOVER_COMMAND_FOLDER to the folder that holds them`,
    )
  }
  const tried = `run ${name} from ${commandFolder}`
  if (name === '' || name.includes('/') || name.includes('\\') || name.startsWith('.')) {
    throw failure('Config', `${tried}: not a bare name; executables are found in that folder only`)
  }
  const folder = await lookUp(commandFolder, `${tried}: the folder cannot be read`)
  const file = await lookUp(join(commandFolder, name), `${tried}: not there`, () => present(commandFolder))
  if (!file.path.startsWith(folder.path + sep)) {
    throw failure('Denied', `${tried}: a link that leaves the folder; copy the executable into it`)
  }
  if (!file.stats.isFile()) throw failure('Config', `${tried}: not a file`)
  if ((folder.stats.mode & WRITABLE_BY_ALL) !== 0) {
    throw failure('Denied', `${tried}: everybody may write the folder; chmod o-w ${commandFolder}`)
  }
  if ((file.stats.mode & WRITABLE_BY_ALL) !== 0) {
    throw failure('Denied', `${tried}: everybody may write it; chmod o-w ${name}`)
  }
  if ((file.stats.mode & EXECUTABLE_BY_ANY) === 0) {
    throw failure('Config', `${tried}: not executable; chmod +x ${name}`)
  }
  return file.path
}

async function lookUp(
  path: string,
  otherwise: string,
  hint?: () => Promise<string>,
): Promise<{ path: string; stats: Stats }> {
  try {
    const real = await realpath(path)
    return { path: real, stats: await stat(real) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw failure('Config', `${otherwise} (${code})${hint === undefined ? '' : await hint()}`, {
      cause: error,
    })
  }
}

async function present(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort()
  if (names.length === 0) return '; the folder is empty'
  const more = names.length > NAMES_SHOWN_MAX ? ', ...' : ''
  return `; there is ${names.slice(0, NAMES_SHOWN_MAX).join(', ')}${more}`
}
