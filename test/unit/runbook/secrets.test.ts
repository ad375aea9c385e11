// Secrets written in clear are refused, and no part of them is ever shown.
import { expect, test } from 'vitest'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { problemLines } from '../../../client/runbook/report-problems.ts'
import { RIGHT, wrong } from './fixture.ts'

const SECRET = 'hunter2hunter2hunter2hunter2'

function expecting(json: string): string {
  return `- check: { connection: web, requests: [{ path: /healthz, expect: { json: { ${json} } } }] }`
}

function sending(body: string): string {
  return `- check: { connection: web, requests: [{ path: /, method: POST, body: { ${body} } }] }`
}

const WEB = wrong('ops: {', 'web: { provider: probe/http, url: "http://127.0.0.1:8080" }\n  ops: {')

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
  [
    'a user and a password, as a header has them',
    'url: "http://prom:9090"',
    `url: "http://prom:9090", headers: { X-Any: "Basic ${Buffer.from(`ana:${SECRET}`).toString('base64')}" }`,
  ],
  [
    'a header called Authorization',
    'url: "http://prom:9090"',
    `url: "http://prom:9090", headers: { Authorization: ${SECRET} }`,
  ],
  ['a token that an answer is to hold', '- hold:', `${expecting(`token: ${SECRET}`)}\n  - hold:`],
  ['a password that a request sends', '- hold:', `${sending(`password: ${SECRET}`)}\n  - hold:`],
  ['a secret in prose', 'service: orders', `service: orders\ndescription: use bearer ${SECRET}`],
  ['an argument that follows its flag', 'observe: [look]', `observe: [look, "--token", ${SECRET}]`],
  ['an argument with its flag', 'observe: [look]', `observe: [look, "--db-password=${SECRET}"]`],
  ['a header among arguments', 'observe: [look]', `observe: [look, -H, "X-Api-Key: ${SECRET}"]`],
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

test.each([
  'aB3dE5fG7hJ9',
  '3f2b1c4d-77aa-4e1c-9b0e-0a1b2c3d4e5f',
  'x9Kq-77Lm-Zp0Q',
  'hunter2hunter2',
  'abcdefgh12345678==',
])('a token is one in prose, in quotes and in what an answer is to hold: %s', async (token) => {
  for (const text of [
    wrong('service: orders', `service: orders\ndescription: use "bearer ${token}" there`),
    wrong('service: orders', `service: orders\ndescription: "Bearer ${token}"\nx: [`),
    WEB.replace('- hold:', `${expecting(`token: "${token}"`)}\n  - hold:`),
  ]) {
    const loaded = await checkRunbook(text, { file: 'test.yaml' })
    const problems = loaded.problems ?? []
    expect(problems).not.toEqual([])
    expect(problems.flatMap((problem) => problemLines(problem, loaded)).join('\n')).not.toContain(token)
  }
})

test('where an executable finds a secret is none', async () => {
  for (const words of [
    '--token-file, /run/secrets/token',
    '--token=/run/token',
    '--secret, "env:NAME"',
    '-H, "X-Api-Key: none"',
  ]) {
    const text = wrong('observe: [look]', `observe: [look, ${words}]`)
    expect((await checkRunbook(text, { file: 'test.yaml' })).problems, words).toBeUndefined()
  }
})

test('references are no secrets', async () => {
  expect((await checkRunbook(RIGHT, { file: 'test.yaml' })).problems).toBeUndefined()
})

test.each([
  [
    'prose',
    'service: orders',
    'service: orders\ndescription: Basic functionality moves first, the rest next week.',
  ],
  [
    'more prose',
    'notify: [ops]',
    'notify: [ops]\ndescription: bearer authentication and basic monitoring only until noon',
  ],
  [
    'prose of words with numbers, dashes and capitals',
    'notify: [ops]',
    'notify: [ops]\ndescription: Bearer authentication-service v2 and Bearer OAuth2Client move, then Bearer orders-v2-canary, basic JsonWebToken support, Bearer auth2023, bearer 2.0-compatible clients',
  ],
  [
    'a challenge, as answers have it',
    'service: orders',
    `service: orders\ndescription: 'asks for Bearer resource_metadata="https://x", error="invalid_token2"'`,
  ],
  [
    'what an answer says of a token, in more than a word',
    '- hold:',
    `${expecting('token: expired-2-days-ago, secret: not_configured_2, private_key: RSA-2048, credentials: AuthenticationRequired, password: "present (expires 2026-01-01)", api_key: loaded-from-vault-agent-sidecar')}\n  - hold:`,
  ],
  [
    'what an answer says of a token',
    '- hold:',
    `${expecting('token: valid, db_password: rotated, api_key: 3')}\n  - hold:`,
  ],
])('%s is no secret', async (_, piece, replacement) => {
  expect(
    (await checkRunbook(WEB.replace(piece, replacement), { file: 'test.yaml' })).problems,
  ).toBeUndefined()
})

test('a false alarm has a way round, which is said and holds for its line alone', async () => {
  const text = WEB.replace('- hold:', `${sending('token: open')}\n  - hold:`)
  const refused = await checkRunbook(text, { file: 'test.yaml' })
  expect(refused.problems).toMatchObject([{ fix: expect.stringContaining('# cutover: not-a-secret') }])
  const declared = text.replace('token: open } }] }', 'token: open } }] } # cutover: not-a-secret')
  expect((await checkRunbook(declared, { file: 'test.yaml' })).problems).toBeUndefined()
  const beside = text.replace(
    '- prewarm: { connection: fleet }',
    '- prewarm: { connection: fleet } # cutover: not-a-secret',
  )
  expect((await checkRunbook(beside, { file: 'test.yaml' })).problems).toHaveLength(1)
})

test('what must be a reference stays one, whatever its line says', async () => {
  const text = wrong('key: env:TSIG }', `key: ${SECRET} } # cutover: not-a-secret`)
  const { problems = [] } = await checkRunbook(text, { file: 'test.yaml' })
  expect(problems).toHaveLength(1)
  expect(JSON.stringify(problems)).not.toContain(SECRET)
})
