// Can the examples be practised with nothing but their connections swapped? Every query they ask must have an answer.
import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { recognise } from '../../../activities/sim/queries.ts'

const FOLDER = new URL('../../../examples/', import.meta.url)

const asked = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) => {
    const queries: string[] = []
    parse(readFileSync(new URL(file, FOLDER), 'utf8'), (key, value) => {
      if ((key === 'query' || key === 'samples' || key === 'load') && typeof value === 'string')
        queries.push(value)
      return value as unknown
    })
    return queries.map((query) => [file, query] as const)
  })

it.each(asked)('%s asks what the simulated world can answer: %s', (_file, query) => {
  for (const side of ['old', 'new'] as const) {
    const answered = recognise(query.replaceAll('$side', side))
    expect(answered).not.toBeNull()
    if (query.includes('$side')) expect(answered?.sides).toEqual([side])
  }
})
