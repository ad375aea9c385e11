// Whatever stands in the file, the check answers: a plan, or problems that point into the file. It never throws.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseSource } from '../../../client/runbook/source.ts'
import type { Json } from '../../../workflows/json.ts'
import { RIGHT, problemsOf } from './fixture.ts'

const JUNK = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\t',
    '\n',
    '- ',
    ': ',
    '{',
    '}',
    '[',
    '&a ',
    '*a',
    '!',
    '|',
    '"',
    "'",
    '#',
    '%',
    '\u0000',
  ),
  fc.string(),
)

async function expectAnswer(text: string): Promise<void> {
  const lines = text.split('\n').length
  for (const problem of await problemsOf(text)) {
    expect(problem.line).toBeGreaterThanOrEqual(1)
    expect(problem.line).toBeLessThanOrEqual(lines)
    expect(problem.column).toBeGreaterThanOrEqual(1)
    expect(problem.message).not.toBe('')
  }
}

test('a runbook with any piece of it overwritten', async () => {
  const pieces = fc.tuple(fc.nat(RIGHT.length), fc.nat(30), JUNK)
  await fc.assert(
    fc.asyncProperty(pieces, ([from, length, junk]) =>
      expectAnswer(RIGHT.slice(0, from) + junk + RIGHT.slice(from + length)),
    ),
    { numRuns: 300 },
  )
})

/** The content with the value at one place exchanged for any other. */
function exchanged(value: Json, at: { left: number }, by: Json): Json {
  if (at.left-- === 0) return by
  if (Array.isArray(value)) return value.map((item) => exchanged(item, at, by))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, exchanged(item, at, by)]))
}

test('a runbook with any value exchanged for a value of any other type', async () => {
  const content = parseSource(RIGHT).value
  await fc.assert(
    fc.asyncProperty(fc.nat(90), fc.jsonValue({ maxDepth: 2 }), (left, by) =>
      expectAnswer(stringify(exchanged(content, { left }, by as Json))),
    ),
    { numRuns: 300 },
  )
})

test('a mapping that calls one of its keys as a method of every object is called', async () => {
  for (const by of [{ toString: '' }, { valueOf: 1 }, { toString: '', valueOf: '' }, { toJSON: '' }])
    for (let left = 0; left <= 90; left++) {
      const content = parseSource(RIGHT).value
      await expectAnswer(stringify(exchanged(content, { left }, by)))
    }
})
