// The notices of the packages whose code is part of dist/: their licences ask for it, and a person who has to know what runs
// finds name and version here, for the manifest does not list them.
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

export function noticesOf(root: string, folders: readonly string[]): string {
  const notices = folders.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string
      version: string
      license: string
    }
    const file = readdirSync(folder).find((each) => /^licen[cs]e(\.\w+)?$/i.test(each))
    if (file === undefined)
      throw new Error(`${relative(root, folder)} has no licence file: it cannot be part of dist/`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return `dist/ contains code of these packages.\n\n${notices.join('\n----------\n\n')}`
}
