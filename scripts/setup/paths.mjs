// Where the private parts of this checkout live. Everything that set-up brings goes below `.cutover/`,
// which git ignores, so removing that folder undoes set-up. Plain JavaScript: must run on Node 18.
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repositoryRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const privateRoot = join(repositoryRoot, '.cutover')
export const privateNodeBin = join(privateRoot, 'node', 'bin')
export const privateNode = join(privateNodeBin, 'node')
/** Real executables out of the Python packages, linked here so that one folder in PATH is enough. */
export const privateBin = join(privateRoot, 'bin')
export const venvRoot = join(privateRoot, 'venv')
export const lockFile = join(repositoryRoot, 'package-lock.json')
export const nodeModules = join(repositoryRoot, 'node_modules')

/** What takes minutes to build is kept for all checkouts of this user. */
export const cacheRoot =
  process.env.CUTOVER_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cutover')

/** PATH with the private Node first: everything started through it runs under the same Node. */
export function privatePath(current = process.env.PATH ?? '') {
  return [privateNodeBin, join(nodeModules, '.bin'), privateBin, current].join(':')
}
