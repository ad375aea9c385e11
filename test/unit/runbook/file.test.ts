// Files that are no runbook at all: said in one line, quickly, whatever they hold.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadRunbook } from '../../../client/runbook/load.ts'
import { problemsOf, wrong } from './fixture.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-runbook-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function problemsOfFile(content: string | Buffer) {
  const file = join(folder, 'runbook.yaml')
  await writeFile(file, content)
  return (await loadRunbook(file)).problems ?? []
}

test('a file that is not there, and a folder', async () => {
  expect((await loadRunbook(join(folder, 'nothing.yaml'))).problems?.[0]).toMatchObject({
    line: 1,
    column: 1,
    message: /no such file/,
  })
  expect((await loadRunbook(folder)).problems?.[0]?.message).toMatch(/folder/)
})

test('a file over 1 MiB, and one without end', async () => {
  expect((await problemsOfFile('#'.repeat(1024 * 1024 + 1)))[0]?.message).toMatch(/larger than 1 MiB/)
  expect((await loadRunbook('/dev/zero')).problems?.[0]?.message).toMatch(/larger than 1 MiB/)
})

test('a file that is not UTF-8 is pointed at where it goes wrong', async () => {
  const [problem] = await problemsOfFile(
    Buffer.concat([Buffer.from('a: 1\nbé: '), Buffer.from([0xe9, 0x0a])]),
  )
  expect(problem).toMatchObject({ line: 2, column: 5, message: 'the file is not UTF-8' })
})

test('a file that is no text at all is one problem', async () => {
  const binary = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0x3a, 0x20, 0x0a, 0x5b, 0xff])
  expect(await problemsOfFile(binary)).toMatchObject([{ line: 1, column: 1, message: 'this is not text' }])
  expect(await problemsOfFile(Buffer.from('\ufeffcutover: v1\n', 'utf16le'))).toMatchObject([
    { message: 'the file is UTF-16', fix: 'save it as UTF-8' },
  ])
})

test.each([
  ['nothing', '', /empty/],
  ['comments only', '# nothing\n', /empty/],
  ['a list', '- a\n', /mapping/],
  ['a word', 'hello\n', /mapping/],
  ['a tab as indentation', 'a:\n\tb: 1\n', /tab/],
  ['two documents', 'a: 1\n---\nb: 2\n', /several/],
  ['a tag', 'a: !secret x\n', /tags/],
  ['an unclosed bracket', 'a: [1, 2\nb: 3\n', /indentation|closed/],
  ['an unclosed quote', 'a: "x\nb: 1\n', /quote/],
])('%s is refused in words', async (_, text, message) => {
  const problems = await problemsOf(text)
  expect(problems.length).toBeGreaterThan(0)
  expect(problems[0]?.message).toMatch(message)
})

test('aliases are expanded within bounds, and a bomb is refused', async () => {
  const shared = wrong('[5%, 50%], hold: 5m', '&shares [5%, 50%], hold: 5m')
  expect(await problemsOf(shared)).toEqual([])
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
  for (const [at, name] of [...'bcdefgh'].entries())
    bomb.push(`${name}: &${name} [${`*${'abcdefg'[at]}, `.repeat(10)}x]`)
  expect((await problemsOf(bomb.join('\n'))).some(({ message }) => /aliases/.test(message))).toBe(true)
})

test('an alias inside its own anchor and one without anchor are refused', async () => {
  expect((await problemsOf('a: &a [*a]\n')).some(({ message }) => /nested/.test(message))).toBe(true)
  expect((await problemsOf('a: *nothing\n')).some(({ message }) => /no anchor/.test(message))).toBe(true)
})

test('nesting without end is refused', async () => {
  expect((await problemsOf(`a: ${'['.repeat(5_000)}`)).length).toBeGreaterThan(0)
  expect(
    (await problemsOf(`a: ${'['.repeat(60)}${']'.repeat(60)}`)).some(({ message }) => /nested/.test(message)),
  ).toBe(true)
})

test.each(['x', '1', 'a://', '-', ' ', 'eyJa', 'key: ', '{{', 'token=', '0.'])(
  'a megabyte of %j is answered at once',
  async (piece) => {
    const long = piece.repeat(Math.floor(900_000 / piece.length))
    await problemsOf(wrong('hold: 5m', `hold: '${long}'`))
    await problemsOf(wrong('service: orders', `service: "${long}"`))
    await problemsOf(wrong('notify:', `"${long}":`))
  },
  20_000,
)
