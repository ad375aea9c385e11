// Finds the part of a zod schema that a path of a runbook leads to, to name what would be right there. Pure look-up.
import type { z } from 'zod'
import type { Path } from './problem.ts'
import { ownPattern, partsOf } from './schema-parts.ts'

/** The schema at `path`; null when the path leads nowhere in it. Of a union: the first member that the path fits. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType | null {
  const bare = unwrapped(schema)
  const { options } = partsOf(bare)
  if (options !== undefined) {
    for (const option of options) {
      const found = schemaAt(option, path)
      if (found !== null) return path.length === 0 ? bare : found
    }
    return null
  }
  const [part, ...rest] = path
  if (part === undefined) return bare
  const next = child(bare, part)
  return next === null ? null : schemaAt(next, rest)
}

/** The keys that may stand in the mapping at `path`; empty when any may, or none. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  const found = schemaAt(schema, path)
  const { shape, options } = found === null ? {} : partsOf(found)
  if (shape !== undefined) return Object.keys(shape)
  return options?.flatMap((option) => keysAt(option, [])) ?? []
}

/** An example of what may stand at `path`, as its schema gives it. */
export function exampleAt(schema: z.ZodType, path: Path): string | null {
  const examples = step(schema, path)?.meta()?.examples ?? schemaAt(schema, path)?.meta()?.examples
  const example: unknown = Array.isArray(examples) ? examples[0] : undefined
  return example === undefined ? null : typeof example === 'string' ? example : JSON.stringify(example)
}

export function descriptionAt(schema: z.ZodType, path: Path): string | null {
  return step(schema, path)?.meta()?.description ?? schemaAt(schema, path)?.meta()?.description ?? null
}

/** What a text at `path` must match; null when anything goes or no text does. */
export function patternAt(schema: z.ZodType, path: Path): RegExp | null {
  const found = schemaAt(schema, path)
  if (found === null) return null
  const candidates = partsOf(found).options?.map(unwrapped) ?? [found]
  return candidates.map(ownPattern).find((pattern) => pattern !== null) ?? null
}

/** As schemaAt, but with the wrappers of the last part left on: they carry its description. */
function step(schema: z.ZodType, path: Path): z.ZodType | null {
  const last = path.at(-1)
  if (last === undefined) return schema
  const parent = schemaAt(schema, path.slice(0, -1))
  return parent === null ? null : child(parent, last)
}

function child(schema: z.ZodType, part: string | number): z.ZodType | null {
  const { shape, element, items, rest } = partsOf(schema)
  if (shape !== undefined) return Object.hasOwn(shape, part) ? (shape[part] ?? null) : null
  if (element !== undefined) return element
  return items?.[Number(part)] ?? rest ?? null
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const { inner } = partsOf(schema)
  return inner === undefined ? schema : unwrapped(inner)
}
