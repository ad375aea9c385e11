// Can the examples be practised with nothing but their connections swapped? Every query they ask must have an answer.
import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { recognise } from '../../../activities/sim/queries.ts'

const FOLDER = new URL('../../../examples/', import.meta.url)

const queries = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8')
    return [...text.matchAll(/^\s*(?:query|samples): (.+)$/gm)].map(
      ([, query = '']) => [file, query] as const,
    )
  })

it.each(queries)('%s asks what the simulated world can answer: %s', (_file, query) => {
  for (const side of ['old', 'new'] as const) {
    const asked = recognise(query.replaceAll('$side', side))
    expect(asked).not.toBeNull()
    if (query.includes('$side')) expect(asked?.sides).toEqual([side])
  }
})
