// What every provider's configuration keeps, whichever it is: the plan holds it as it was parsed, and the worker parses it again.
import * as fc from 'fast-check'
import { readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { z } from 'zod'
import type { ProviderSpec } from '../../activities/provider.ts'
import { partsOf } from '../../client/runbook/schema-parts.ts'
import { allSpecs } from '../../client/runbook/load.ts'

type Fields = { [field: string]: unknown }

const PAGES = new URL('../../docs/providers/', import.meta.url)
const EXAMPLES = new URL('../../examples/', import.meta.url)

/** Configurations that pages and examples show, by the provider they name. */
const shown = new Map<string, Fields[]>()
const texts = [
  ...readdirSync(PAGES).flatMap((page) =>
    [...readFileSync(new URL(page, PAGES), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, text = '']) => text,
    ),
  ),
  ...readdirSync(EXAMPLES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(new URL(file, EXAMPLES), 'utf8')),
]
for (const text of texts) {
  const connections = (parse(text) as { connections?: { [name: string]: Fields } } | null)?.connections ?? {}
  for (const { provider, ...config } of Object.values(connections)) {
    if (typeof provider === 'string') shown.set(provider, [...(shown.get(provider) ?? []), config])
  }
}

/** Texts and numbers that people write, in the forms that transformations are written for. */
const written = fc.constantFrom<unknown>(
  '1500ms', '5m', '12.50%', '0%', '20/s', 'env:TOKEN', 'file:/run/secrets/token', 'https://Host.example:443/path/',
  'HTTP://10.0.0.5', 'Example.COM', 'example.com.', '10.0.0.53', '10.0.0.53:5353', '[2001:DB8::1]:53', '/run/./x.sock',
  'LOCALHOST:9999', 'name', ' padded ', '', 0, 1, 2.5, true, false, null, [], ['a'], {}, { a: 'b' }, ['a', 'b'],
) // prettier-ignore

/** A shown configuration with some of its fields left out and some of the schema's others written in. */
function configs(spec: ProviderSpec): fc.Arbitrary<Fields> {
  const fields = Object.keys(partsOf(spec.config).shape ?? {})
  const base = fc.constantFrom(...(shown.get(spec.id) ?? [{}]))
  const left = fc.subarray(fields)
  const changed = fc.dictionary(fc.constantFrom(...fields), written, { maxKeys: 3 })
  return fc.tuple(base, left, changed).map(([config, out, more]) => ({
    ...Object.fromEntries(Object.entries(config).filter(([key]) => !out.includes(key) || key in more)),
    ...Object.fromEntries(Object.entries(more)),
  }))
}

const parsed = (schema: z.ZodType, value: unknown): unknown => {
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}

describe.each(allSpecs().map((spec) => [spec.id, spec] as const))('the configuration of %s', (id, spec) => {
  it('is shown by its page, and is right there', () => {
    expect(shown.get(id) ?? []).not.toEqual([])
    for (const config of shown.get(id) ?? []) expect(spec.config.safeParse(config).error).toBeUndefined()
  })

  it('parsed a second time is the same: a plan holds what was parsed, and the worker parses that', () => {
    let right = 0
    for (const config of shown.get(id) ?? []) holds(config)
    fc.assert(fc.property(configs(spec), holds), { numRuns: 500 })
    expect(right).toBeGreaterThan(10)

    function holds(config: Fields): void {
      const once = parsed(spec.config, config)
      if (once === undefined) return
      right += 1
      expect(parsed(spec.config, once)).toEqual(once)
      expect(parsed(spec.config, JSON.parse(JSON.stringify(once)))).toEqual(once)
    }
  })
})
