// The executables by which `capacity/command` sees and changes the lab's fleets, in a folder of their own such as a
// worker's owner would allow. They know the fleets' admin ports; a runbook names only them.
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFolder } from './folder.ts'

const program = fileURLToPath(new URL('commands/fleet.ts', import.meta.url))
const EXECUTABLE_MODE = 0o755 // writable by the owner alone, as the provider demands

export type Commands = { folder: string; observe: 'fleet-observe'; apply: 'fleet-apply' }

type Urls = { old: string; new: string }

/** `<name>-observe` and `<name>-apply` of each fleet, with targets `old` and `new`; `others`: paths of further executables. `remove` takes the folder away. */
export function createCommands(
  fleets: { fleet: Urls; [name: string]: Urls },
  others: string[] = [],
): {
  commands: Commands
  remove: () => void
} {
  const folder = createFolder('commands')
  for (const [name, urls] of Object.entries(fleets)) {
    for (const verb of ['observe', 'apply']) {
      // An absolute Node: the provider gives its children none of the worker's PATH.
      const words = [process.execPath, program, verb, urls.old, urls.new].map((word) => `'${word}'`)
      const path = join(folder.path, `${name}-${verb}`)
      writeFileSync(path, `#!/bin/sh\nexec ${words.join(' ')}\n`)
      chmodSync(path, EXECUTABLE_MODE)
    }
  }
  for (const path of others) copyFileSync(path, join(folder.path, basename(path)))
  return {
    commands: { folder: folder.path, observe: 'fleet-observe', apply: 'fleet-apply' },
    remove: folder.remove,
  }
}
