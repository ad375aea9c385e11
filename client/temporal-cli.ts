// Where the temporal CLI is, which brings the dev server: TEMPORAL_CLI_PATH, else PATH. Looks only, never installs.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Environment } from './config.ts'
import { Problem } from './problem.ts'

const NAME = 'temporal'

/** Raises a Problem that says where it was looked for and how to get it. */
export function findTemporalCli(env: Environment): string {
  const named = env['TEMPORAL_CLI_PATH'] ?? ''
  if (named !== '') {
    if (isExecutable(named)) return named
    throw new Problem({
      what: 'there is no temporal CLI where TEMPORAL_CLI_PATH says',
      why: `${named} is not an executable file`,
      todo: ['set TEMPORAL_CLI_PATH to the executable, or unset it to look in PATH'],
    })
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const found = folders.map((folder) => join(folder, NAME)).find(isExecutable)
  if (found !== undefined) return found
  throw new Problem({
    what: 'the temporal CLI is not installed',
    why: `no executable ${NAME} in PATH; it brings the dev server`,
    todo: [
      'install it: https://docs.temporal.io/cli (macOS: brew install temporal; in a checkout of cutover: npm run setup)',
      'or set TEMPORAL_CLI_PATH to where it is',
      'or use a server that runs already: TEMPORAL_ADDRESS=host:port cutover worker',
    ],
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // absent, or not ours to run: the next folder is looked at
  }
}
