// The command line as a process: help, exit codes and messages that need no server.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseVerb } from '../../../client/arguments.ts'
import { verbs } from '../../../client/verbs.ts'
import { VARIABLES } from '../../../worker/config.ts'

const BIN = fileURLToPath(new URL('../../../bin/cutover.js', import.meta.url))
const NOBODY_LISTENS = '127.0.0.1:1'

function cutover(words: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1', TEMPORAL_ADDRESS: NOBODY_LISTENS, ...env } }
    execFile(process.execPath, [BIN, ...words], options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

describe('the command line', () => {
  it('lists every verb and the exit codes', async () => {
    const { code, stdout } = await cutover(['--help'])
    expect(code).toBe(0)
    for (const { name } of verbs) expect(stdout).toContain(`\n  ${name} `)
    expect(stdout).toContain('4 a person is needed')
    expect(stdout).toContain('5 failed, all that was changed is back')
  })

  it.each(verbs.map(({ name }) => name))('explains %s without a server', async (name) => {
    const { code, stdout, stderr } = await cutover([name, '--help'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: cutover ${name}`)
    expect(stdout).toMatch(new RegExp(`\nExamples\n  .*cutover ${name}`))
  })

  it('shows examples whose flags there are', async () => {
    for (const { name, load } of verbs) {
      const { examples, flags } = await load()
      for (const line of examples) {
        const words = line.slice(line.indexOf(`cutover ${name}`)).replace(/ [<>].*$/, '')
        const split = [...words.matchAll(/"[^"]*"|\S+/g)].map(([word]) => word)
        expect(() => parseVerb(name, flags, split.slice(2)), line).not.toThrow()
      }
    }
  })

  it('tells every variable of the worker', async () => {
    const { stdout } = await cutover(['worker', '--help'])
    for (const name of Object.keys(VARIABLES)) expect(stdout).toContain(`\n  ${name}\n`)
  })

  it('suggests the verb that was probably meant, with exit code 2', async () => {
    const { code, stderr } = await cutover(['aprove', 'orders'])
    expect(code).toBe(2)
    expect(stderr).toContain('did you mean: cutover approve')
  })

  it('says which server did not answer, where its address came from and why; no stack; as a document too', async () => {
    const nowhere = 'no-port'
    const { code, stdout, stderr } = await cutover(['status', 'orders', '-o', 'json'], {
      TEMPORAL_ADDRESS: nowhere,
    })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      error: {
        what: `no Temporal server answers at ${nowhere}`,
        why: `${nowhere} is not written as host:port (address from TEMPORAL_ADDRESS)`,
        todo: expect.any(Array),
        exitCode: 1,
      },
    })
    expect(stderr).toContain(`no Temporal server answers at ${nowhere}`)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it.each([
    [['start', 'nowhere.yaml', '--yes', '-o', 'json'], 'nowhere.yaml is not a valid runbook: 1 to put right'],
    [['abort', 'orders', '-ojson'], 'abort needs a reason'],
    [['statsu', '--output=json'], 'unknown verb statsu'],
    [['status', '--loud', '-o', 'json'], 'unknown flag --loud for status'],
  ])('answers %j with one document on standard output, exit code 2', async (words, what) => {
    const { code, stdout } = await cutover(words)
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { what, exitCode: 2 } })
  })

  it('shows the stack when asked to', async () => {
    const { stderr } = await cutover(['abort', 'orders'], { CUTOVER_DEBUG: '1' })
    expect(stderr).toMatch(/^\s+at /m)
  })

  it('asks for a reason before an abort, without looking for a server', async () => {
    const { code, stderr } = await cutover(['abort', 'orders'])
    expect(code).toBe(2)
    expect(stderr).toContain('abort needs a reason')
  })

  it.each(['bash', 'zsh', 'fish'])('completes for %s', async (shell) => {
    const { code, stdout } = await cutover(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('cutover __complete')
  })

  it('offers verbs, flags, values and files, and nothing where no server answers', async () => {
    const offered = async (...words: string[]) => {
      const { code, stdout } = await cutover(['__complete', ...words])
      expect(code).toBe(0)
      return stdout.split('\n').flatMap((line) => line.split('\t')[0] || [])
    }
    expect(await offered('re')).toEqual(['retry', 'retune', 'resume', 'report'].toSorted(byTable))
    expect(await offered('')).toHaveLength(verbs.length)
    expect(await offered('status', '--pa')).toEqual(['--partial'])
    expect(await offered('status', 'orders', '-o', '')).toEqual(['text', 'json'])
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await offered('list', '--phase', 's')).toEqual(['starting', 'stuck'])
    expect(await offered('plan', '')).toEqual([':files'])
    expect(await offered('abort', '')).toEqual([])
    expect(await offered('nonsense', '')).toEqual([])
  })
})

function byTable(one: string, other: string): number {
  const place = (name: string) => verbs.findIndex((verb) => verb.name === name)
  return place(one) - place(other)
}
