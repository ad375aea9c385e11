// What the generator reads: a folder is a registry entry. Providers, step kinds, ports and watched things, by their folders
// and files, with the names that they export. Reads only.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** A file and what it exports under this name. */
export type Entry = { name: string; file: string; exported: string }

/** `workflows/ports/<port>.ts`: whatever is made by `definePort`. */
export function portsIn(): Entry[] {
  return definedIn('workflows/ports', 'definePort')
}

/** `activities/<port>/<provider>/`; `name` is the provider's id. */
export function providersIn(): Entry[] {
  return portsIn().flatMap(({ name: port }) =>
    foldersIn(`activities/${port}`).map((provider) => {
      const file = `activities/${port}/${provider}/index.ts`
      return { name: `${port}/${provider}`, file, exported: definitionIn(file, 'defineProvider') }
    }),
  )
}

/** `workflows/steps/<kind>/`; `hasUndo`: its way back is more than writing back what was there before. */
export function kindsIn(): (Entry & { hasUndo: boolean })[] {
  return foldersIn('workflows/steps').map((kind) => {
    const file = `workflows/steps/${kind}/kind.ts`
    const hasUndo = existsSync(join(ROOT, `workflows/steps/${kind}/undo.ts`))
    return { name: kind, file, exported: definitionIn(file, 'defineKind'), hasUndo }
  })
}

/** `workflows/watched/<what>.ts`: what can be watched; each is read by `activities/watch/readers/<what>.ts`. */
export function watchedIn(): (Entry & { reader: string })[] {
  return definedIn('activities/watch/readers', 'defineReader').map((entry) => ({
    ...entry,
    reader: entry.exported,
    exported: `${pascal(entry.name)}Subject`,
  }))
}

/** `switch` -> `Switch`, `http-json` -> `HttpJson`. */
export function pascal(name: string): string {
  return name
    .split(/[-/]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('')
}

export function camel(name: string): string {
  const whole = pascal(name)
  return whole.charAt(0).toLowerCase() + whole.slice(1)
}

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** Files directly inside a folder that define something of a kind, by the name of the file. */
function definedIn(folder: string, definition: string): Entry[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .flatMap((name) => {
      const file = `${folder}/${name}`
      const exported = definedBy(file, definition)
      return exported === null ? [] : [{ name: name.slice(0, -'.ts'.length), file, exported }]
    })
}

function definitionIn(file: string, definition: string): string {
  const exported = existsSync(join(ROOT, file)) ? definedBy(file, definition) : null
  if (exported !== null) return exported
  throw new Error(`${file} must be there and say: export const NAME = ${definition}(...)`)
}

function definedBy(file: string, definition: string): string | null {
  return new RegExp(`^export const (\\w+) = ${definition}\\b`, 'm').exec(read(file))?.[1] ?? null
}

function foldersIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    .toSorted()
}
