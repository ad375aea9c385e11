// The repository as the tidy tests see it: its files, their text, what they import. Reads only; judges nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
const LEFT_OUT = new Set(['.git', 'node_modules', '.cutover', 'dist', 'coverage']) // what git ignores

/** Every file, relative to the root, sorted. */
export const files: readonly string[] = walk(ROOT).toSorted()
export const sources: readonly string[] = files.filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.d.ts'),
)

export function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

export function has(file: string): boolean {
  return files.includes(file)
}

/** Names of the folders directly inside one. */
export function foldersIn(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted()
}

export interface Import {
  /** Of this repository: its path from the root; else the name of the package. */
  target: string
  isOwn: boolean
  /** Gone at run time. */
  isTypeOnly: boolean
  /** Loaded by `import()`, when it is needed. */
  isLazy: boolean
}

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const LAZY = /\bimport\('([^']+)'\)/g

export function importsOf(file: string): Import[] {
  const text = read(file)
  const eager = [...text.matchAll(IMPORT)].map(([whole, type, from = '']) => {
    const isTypeOnly = type !== undefined || hasOnlyTypes(whole)
    return { ...resolved(file, from), isTypeOnly, isLazy: false }
  })
  const lazy = [...text.matchAll(LAZY)].map(([, from = '']) => {
    return { ...resolved(file, from), isTypeOnly: false, isLazy: true }
  })
  return [...eager, ...lazy]
}

/** `import { type A, type B } from ...` */
function hasOnlyTypes(statement: string): boolean {
  const names =
    /\{([^}]*)\}/
      .exec(statement)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean) ?? []
  return names.length > 0 && names.every((name) => name.startsWith('type '))
}

function resolved(file: string, from: string): { target: string; isOwn: boolean } {
  if (!from.startsWith('.')) return { target: from, isOwn: false }
  return { target: normalize(join(dirname(file), from)), isOwn: true }
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (LEFT_OUT.has(entry.name) || entry.name.endsWith('.log')) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? walk(path) : entry.isFile() ? [relative(ROOT, path)] : []
  })
}
