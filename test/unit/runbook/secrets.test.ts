// Secrets written in clear are refused, and no part of them is ever shown.
import { expect, test } from 'vitest'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { problemLines } from '../../../client/runbook/report-problems.ts'
import { RIGHT, wrong } from './fixture.ts'

const SECRET = 'hunter2hunter2hunter2hunter2'

const CASES: [string, string, string][] = [
  ['a key in clear', 'key: env:TSIG', `key: ${SECRET}`],
  ['a key in clear, as a block', 'key: env:TSIG }', `key: ${SECRET},\n    key_name: x }`],
  ['a token in clear', 'url: "http://prom:9090"', `url: "http://prom:9090", token: ${SECRET}`],
  ['an address with a password', '"http://prom:9090"', `"http://ana:${SECRET}@prom:9090"`],
  ['an address with a token', '"http://prom:9090"', `"http://prom:9090/?token=${SECRET}"`],
  [
    'an unknown field named password',
    'url: "http://prom:9090"',
    `url: "http://prom:9090", password: ${SECRET}`,
  ],
  [
    'a header with credentials',
    'url: "http://prom:9090"',
    `url: "http://prom:9090", headers: { X-Any: "Bearer ${SECRET}" }`,
  ],
  ['a secret beside another mistake', 'key: env:TSIG', `kee: 1, key: ${SECRET}`],
  ['a secret in a file that is no YAML', 'key: env:TSIG }', `key: ${SECRET}\n  x: [`],
  ['a duplicate of a secret', 'key: env:TSIG', `key: ${SECRET}, key: ${SECRET}`],
]

test.each(CASES)('%s', async (_, piece, replacement) => {
  const loaded = await checkRunbook(wrong(piece, replacement), { file: 'test.yaml' })
  const problems = loaded.problems ?? []
  expect(problems.some(({ message }) => /in clear|not fit|YAML/.test(message))).toBe(true)
  expect(JSON.stringify(problems)).not.toContain(SECRET)
  expect(problems.flatMap((problem) => problemLines(problem, loaded)).join('\n')).not.toContain(SECRET)
})

test('references are no secrets', async () => {
  expect((await checkRunbook(RIGHT, { file: 'test.yaml' })).problems).toBeUndefined()
})
