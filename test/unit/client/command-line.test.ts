// The command line as a process: help, exit codes and messages that need no server.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseVerb } from '../../../client/arguments.ts'
import { RUN } from '../../../client/commands/decision.ts'
import { helpOf, overview } from '../../../client/help.ts'
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
    expect(stdout).toContain('4  a person is needed')
    expect(stdout).toContain('5  failed, all that was changed is back')
  })

  it.each(verbs.map(({ name }) => name))('explains %s without a server', async (name) => {
    const { code, stdout, stderr } = await cutover([name, '--help'])
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: cutover ${name}`)
    expect(stdout).toMatch(new RegExp(`\nExamples\n  .*cutover ${name}`))
  })

  it.each([50, 80])('explains every verb on %i columns, with commands that can be copied', async (width) => {
    const texts = await Promise.all(verbs.map(async ({ load }) => helpOf(await load(), width)))
    for (const line of [overview(verbs, { version: '1', width }), ...texts].flatMap((text) =>
      text.split('\n'),
    ))
      if (!/^\s+(?:[A-Z_]+=\S+ )?cutover /.test(line)) expect(line.length, line).toBeLessThanOrEqual(width)
    const [start] = texts.filter((text) => text.includes('Usage: cutover start'))
    expect(start).toContain('\n  cutover start orders.yaml --plan 9bd6c393 --wait\n')
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

  it('lets every verb that is about a run have it named, by the same flag', async () => {
    const about = await Promise.all(verbs.map(async ({ load }) => await load()))
    const ofRuns = about.filter(({ usage }) => / SERVICE\b/.test(usage))
    expect(ofRuns.length).toBeGreaterThan(10)
    for (const { usage, flags } of ofRuns) {
      expect(usage).toContain(' [--run ID] ')
      expect(flags, usage).toContain(RUN)
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
    [['start', 'nowhere.yaml', '--yes', '-o', 'json'], 'nowhere.yaml: there is no such file'],
    [['abort', 'orders', '-ojson'], 'abort needs a reason'],
    [['statsu', '--output=json'], 'unknown verb statsu'],
    [['status', '--loud', '-o', 'json'], 'unknown flag --loud for status'],
  ])('answers %j with one document on standard output, exit code 2', async (words, what) => {
    const { code, stdout } = await cutover(words)
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { what, exitCode: 2 } })
  })

  it('says once that a file is not there, without a line of it', async () => {
    for (const words of [
      ['start', 'nowhere.yaml', '--yes'],
      ['plan', 'nowhere.yaml'],
    ]) {
      const { code, stderr } = await cutover(words)
      expect(code).toBe(2)
      expect(stderr.match(/nowhere\.yaml/g)).toHaveLength(1)
      expect(stderr).toMatch(/nowhere\.yaml:? +there is no such file\n.*`cutover init`/)
    }
  })

  it('names a variable that means nothing to it, and the one that was probably meant', async () => {
    const variables = {
      CUTOVER_ACTER: 'ana',
      CUTOVER_TASK_QUEUE: 'other',
      CUTOVER_SECRETS: 'env:CUTOVER_KEY',
      CUTOVER_KEY: 'x',
    }
    const { code, stdout, stderr } = await cutover(['completion', 'bash'], variables)
    expect(code).toBe(0)
    expect(stdout).not.toBe('')
    expect(stderr.split('\n').toSorted()).toEqual([
      '',
      'CUTOVER_ACTER means nothing to cutover; did you mean CUTOVER_ACTOR?',
      'CUTOVER_TASK_QUEUE means nothing to cutover',
    ])
  })

  it('says which act of the demo there is not', async () => {
    const { code, stderr } = await cutover(['demo', '--act', '9'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^there is no act 9: 1, 2, 3\nusage: /)
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
