// What a zod schema consists of, read from its definition and not from its class: a provider may bring another copy of zod, whose
// classes are others.
import type { z } from 'zod'

/** Each only where the schema is of that form. */
export type SchemaParts = {
  /** A mapping: its fields. */
  shape?: { [field: string]: z.ZodType }
  /** A union: its members. */
  options?: z.ZodType[]
  /** A list, or a mapping with any keys: what it holds. */
  element?: z.ZodType
  /** A list of a fixed beginning: its items, and what may follow. */
  items?: z.ZodType[]
  rest?: z.ZodType | null
  /** A wrapper (optional, default) or a transformation: what is inside, or goes in. */
  inner?: z.ZodType
}

type Definition = {
  type: string
  shape?: SchemaParts['shape']
  options?: z.ZodType[]
  element?: z.ZodType
  valueType?: z.ZodType
  items?: z.ZodType[]
  rest?: z.ZodType | null
  innerType?: z.ZodType
  in?: z.ZodType
}

export function partsOf(schema: z.ZodType): SchemaParts {
  const def = definitionOf(schema)
  return {
    ...(def.type === 'object' && def.shape !== undefined ? { shape: def.shape } : {}),
    ...(def.type === 'union' && def.options !== undefined ? { options: def.options } : {}),
    ...(def.type === 'array' && def.element !== undefined ? { element: def.element } : {}),
    ...(def.type === 'record' && def.valueType !== undefined ? { element: def.valueType } : {}),
    ...(def.type === 'tuple' && def.items !== undefined ? { items: def.items, rest: def.rest ?? null } : {}),
    ...(def.innerType === undefined ? {} : { inner: def.innerType }),
    ...(def.type === 'pipe' && def.in !== undefined ? { inner: def.in } : {}),
  }
}

/** What a text must match, of the checks of this schema alone. */
export function ownPattern(schema: z.ZodType): RegExp | null {
  const { checks = [] } = definitionOf(schema) as { checks?: { _zod: { def: { pattern?: unknown } } }[] }
  for (const { _zod: internals } of checks) {
    const { pattern } = internals.def
    if (Object.prototype.toString.call(pattern) === '[object RegExp]') return pattern as RegExp
  }
  return null
}

function definitionOf({ _zod: internals }: z.ZodType): Definition {
  return internals.def
}
