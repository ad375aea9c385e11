// A state that cannot be used is said with its place, in the runbook and in the file, and nothing of what it holds; exit code 2.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert, json as anyJson, nat, property, string } from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Output } from '../../../client/command.ts'
import { plan } from '../../../client/commands/plan.ts'
import { checkRunbook } from '../../../client/runbook/load.ts'
import { parseSecretJson } from '../../../client/terraform/json.ts'
import { RIGHT } from '../runbook/fixture.ts'
import { SECRET, inFile, route, shown, stateFile } from './state-files.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-states-'))
  await mkdir(join(folder, 'folder'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const naming = (path: string): string => RIGHT.replace('guards:', `terraform:\n  - state: ${path}\nguards:`)

async function planned(path: string, json = false) {
  const file = join(folder, 'orders.yaml')
  await writeFile(file, naming(path))
  const said: string[] = []
  let document: unknown
  const out = {
    json,
    tty: false,
    color: false,
    width: 200,
    write: (text: string) => said.push(text),
    line: (text = '') => said.push(text),
    error: (text: string) => said.push(text),
    document: (value: unknown) => (document = value),
  } as unknown as Output
  const code = await plan.run({
    args: [file],
    flags: { offline: true },
    out,
    env: {},
    signal: new AbortController().signal,
    temporal: () => Promise.reject(new Error('no server is needed here')),
  })
  return { code, text: said.join('\n').replaceAll(folder, ''), document }
}

async function saidOf(content: string | object): Promise<string> {
  await writeFile(
    join(folder, 'bad.tfstate'),
    typeof content === 'string' ? content : JSON.stringify(content),
  )
  const { code, text } = await planned('bad.tfstate')
  expect(code).toBe(2)
  expect(text).not.toContain(SECRET)
  expect(text).toMatch(/^\/orders\.yaml:11:12 {2}terraform\[0\]\.state: /)
  return text
}

describe.each([
  ['is no JSON', `{\n  "version": 4,\n  "a": ${SECRET} }`, /bad\.tfstate:3:8 is not JSON/],
  ['is cut off', `{ "version": 4, "outputs": { "password": "${SECRET}`, /bad\.tfstate:1:42 is not JSON/],
  ['is empty', ' \n', /bad\.tfstate is empty/],
  ['is a list', [SECRET], /it is no mapping/],
  ['is something else', { password: SECRET }, /neither "version" nor "format_version"/],
  ['is encrypted', { meta: {}, encrypted_data: SECRET, encryption_version: 'v0' }, /encrypted by OpenTofu/],
  ['is of version 3', { version: 3, modules: [] }, /state file of version 3, known is 4/],
  ['is of a version to come', { version: 5 }, /state file of version 5, known is 4/],
  ['is shown in a format to come', { format_version: '2.0' }, /format_version 2\.0, known is 1\.x/],
  ['is a plan', { format_version: '1.2', planned_values: {} }, /is a plan of Terraform, not a state/],
  ['holds nothing', stateFile(), /holds no resource/],
  ['shows nothing', { format_version: '1.0' }, /holds no resource/],
  ['has no list', { ...stateFile(), resources: SECRET }, /: resources: no list stands there/],
  [
    'has an instance that is none',
    stateFile(route(), { ...route(), instances: [SECRET] }),
    /: resources\[1\]\.instances\[0\]: no mapping/,
  ],
  [
    'is from before 0.12 in part',
    stateFile({ ...route(), instances: [{ attributes_flat: { id: SECRET } }] }),
    /resources\[0\]\.instances\[0\]: it was last written by Terraform 0\.11/,
  ],
  [
    'shows a module that is none',
    shown([], [{ resources: {} }]),
    /: values\.root_module\.child_modules\[0\]\.resources: no list/,
  ],
])('a state that %s', (_, content, message) => {
  test('is named with what is wrong and what to do', async () => {
    const text = await saidOf(content)
    expect(text).toMatch(message)
    expect(text).toMatch(/fix: \S/)
  })
})

test('a file that is not there, or none, is said with where it was looked for', async () => {
  expect((await planned('none.tfstate')).text).toContain(
    'there is no such file (on this machine, at /none.tfstate)',
  )
  expect((await planned('folder')).text).toContain('no file')
  const { code, document } = await planned('file:/none/of.tfstate', true)
  expect(code).toBe(2)
  expect(document).toMatchObject({
    valid: false,
    problems: [
      {
        line: 11,
        column: 12,
        path: 'terraform[0].state',
        message: expect.stringContaining('/none/of.tfstate'),
      },
    ],
  })
})

test('a state of nothing that the plan changes is read, and says nothing', async () => {
  await writeFile(
    join(folder, 'good.tfstate'),
    JSON.stringify(stateFile(inFile({ type: 'x', name: 'y' }, { a: SECRET }))),
  )
  const { code, text } = await planned('good.tfstate')
  expect(code).toBe(0)
  expect(text).not.toMatch(/Terraform|hunter2/)
})

test.each([
  's3://bucket/prod.tfstate',
  'https://app.terraform.io/state',
  'env:STATE',
  'file:relative.tfstate',
])('%s is no path: validate says so', async (path) => {
  const { problems = [] } = await checkRunbook(naming(path), { file: 'test.yaml' })
  expect(problems).toMatchObject([
    { path: 'terraform[0].state', message: expect.stringMatching(/^not a (file|path)/) },
  ])
})

test('a connection that the runbook has not is refused', async () => {
  const text = naming('x.tfstate').replace('state: x.tfstate', '{ state: x.tfstate, connections: [zon] }')
  const { problems = [] } = await checkRunbook(text, { file: 'test.yaml' })
  expect(problems).toMatchObject([
    {
      path: 'terraform[0].connections[0]',
      message: 'there is no connection "zon"',
      fix: 'did you mean "zone"?',
    },
  ])
})

test('the digest holds which state is looked at, and nothing of what it holds', async () => {
  const digest = async (text: string) => (await checkRunbook(text, { file: 'test.yaml' })).plan?.digest
  expect(await digest(naming('a.tfstate'))).not.toBe(await digest(naming('b.tfstate')))
  expect(await digest(naming('a.tfstate'))).not.toBe(await digest(RIGHT))
})

test('whatever is no JSON has a place, and nothing of it is quoted', () => {
  assert(
    property(anyJson(), nat(), string({ maxLength: 2 }), (json, place, piece) => {
      const at = place % (json.length + 1)
      const text = json.slice(0, at) + piece + json.slice(at + 1)
      const parsed = parseSecretJson(text)
      if ('value' in parsed) return
      const lines = text.split('\n')
      expect(parsed.line).toBeGreaterThan(0)
      expect(parsed.line).toBeLessThanOrEqual(lines.length)
      expect(parsed.column).toBeLessThanOrEqual((lines[parsed.line - 1]?.length ?? 0) + 1)
    }),
  )
})
