// Finds the part of a zod schema that a path of a runbook leads to, to name what would be right there. Pure look-up.
import { z } from 'zod'
import type { Path } from './problem.ts'

/** The schema at `path`; null when the path leads nowhere in it. Of a union: the first member that the path fits. */
function schemaAt(schema: z.ZodType, path: Path): z.ZodType | null {
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodUnion) {
    for (const option of bare.options as z.ZodType[]) {
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
  if (found instanceof z.ZodObject) return Object.keys(found.shape)
  if (found instanceof z.ZodUnion)
    return (found.options as z.ZodType[]).flatMap((option) => keysAt(option, []))
  return []
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
  const candidates = found instanceof z.ZodUnion ? (found.options as z.ZodType[]).map(unwrapped) : [found]
  for (const candidate of candidates) {
    for (const check of candidate?.def.checks ?? []) {
      const { _zod: internals } = check // the only place where zod keeps it
      const { pattern } = internals.def as { pattern?: unknown }
      if (pattern instanceof RegExp) return pattern
    }
  }
  return null
}

/** As schemaAt, but with the wrappers of the last part left on: they carry its description. */
function step(schema: z.ZodType, path: Path): z.ZodType | null {
  const last = path.at(-1)
  if (last === undefined) return schema
  const parent = schemaAt(schema, path.slice(0, -1))
  return parent === null ? null : child(parent, last)
}

function child(schema: z.ZodType, part: string | number): z.ZodType | null {
  if (schema instanceof z.ZodObject) {
    return Object.hasOwn(schema.shape, part) ? (schema.shape[part] as z.ZodType) : null
  }
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  if (schema instanceof z.ZodTuple) {
    return ((schema.def.items[Number(part)] ?? schema.def.rest) as z.ZodType | null | undefined) ?? null
  }
  return null
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const def = schema.def as { innerType?: z.ZodType; in?: z.ZodType }
  if (def.innerType !== undefined) return unwrapped(def.innerType)
  if (schema instanceof z.ZodPipe && def.in !== undefined) return unwrapped(def.in)
  return schema
}
