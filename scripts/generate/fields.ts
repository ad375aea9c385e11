// The fields of a mapping that a zod schema allows, with defaults and descriptions, for tables in pages. Read from its JSON Schema,
// so that another copy of zod does as well.
import { z } from 'zod'
import type { Json } from '../../workflows/json.ts'

export type Field = { name: string; initial: 'required' | 'none' | { value: Json }; words: string }

type Schema = {
  $ref?: string
  $defs?: { [name: string]: Schema }
  anyOf?: Schema[]
  allOf?: Schema[]
  properties?: { [name: string]: Schema }
  required?: string[]
  default?: Json
  description?: string
  enum?: Json[]
}

/** Of a union of mappings: those of all of them, each once. */
export function fieldsOf(schema: z.ZodType): Field[] {
  const whole = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema
  const fields = new Map<string, Field>()
  for (const each of whole.anyOf ?? [whole]) {
    for (const [name, property] of Object.entries(each.properties ?? {})) {
      if (!fields.has(name)) fields.set(name, field(name, { property, of: each, whole }))
    }
  }
  return [...fields.values()]
}

function field(
  name: string,
  { property, of, whole }: { property: Schema; of: Schema; whole: Schema },
): Field {
  const named = whole.$defs?.[property.$ref?.split('/').at(-1) ?? '']
  const initial =
    property.default !== undefined
      ? { value: property.default }
      : of.required?.includes(name) === true
        ? ('required' as const)
        : ('none' as const)
  const choice = property.enum?.map((value) => `\`${String(value)}\``).join(', ')
  const words = property.description ?? named?.description ?? ''
  return {
    name,
    initial,
    words: [words, choice].filter((part) => part !== undefined && part !== '').join(': '),
  }
}
