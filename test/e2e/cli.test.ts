// The edges of the command line: what it says when something is wrong, and the documents that others script against.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verbs } from '../../client/verbs.ts'
import { freePort } from '../../lab/ports.ts'
import { EXAMPLES } from '../../lab/stage/examples.ts'
import { type Stage, openStage } from '../../lab/stage/stage.ts'
import { until } from '../../lab/until.ts'
import { STARTER, clear, decide, statusOf, underLoad } from './scene.ts'

const TEST_MS = 120_000 // a dozen commands, on two busy cores
const ESCAPE = '\u001b'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => {
  if (stage === undefined) return
  try {
    await clear(stage)
  } finally {
    await stage.close()
  }
})

const keysOf = (document: unknown): string[] => Object.keys(document as object).sort()

describe('the examples', () => {
  it.each(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')))('%s is valid', async (name) => {
    const said = await stage.cli.run(['validate', join(EXAMPLES, name)])
    expect(said, said.stdout).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('a runbook with mistakes', () => {
  const WRONG = [
    'cutover: v1',
    'service: orders',
    'connections:',
    '  ops: { provider: notify/webhook, url: "http://127.0.0.1:1/x" }',
    'steps:',
    '  - announce: { connection: opps, text: hello }',
    '  - hold: { for: 5 minutes }',
    '  - cannary: { connection: ops }',
    '',
  ].join('\n')

  it('is refused with exit code 2, every mistake with file, line and column', async () => {
    const file = stage.write('wrong.yaml', WRONG)
    const said = await stage.cli.run(['validate', file])
    expect(said.code).toBe(2)
    for (const line of [6, 7, 8]) expect(said.stdout).toMatch(new RegExp(`wrong\\.yaml:${line}:\\d+`))
    const found = await stage.cli.json<{ valid: boolean; problems: { [key: string]: unknown }[] }>([
      'validate',
      file,
    ])
    expect(keysOf(found)).toEqual(['problems', 'valid'])
    expect(found.valid).toBe(false)
    for (const problem of found.problems) {
      expect(keysOf(problem)).toEqual(['column', 'file', 'fix', 'line', 'message', 'path'])
    }
    type Refused = { error: { exitCode: number; problems: unknown[] } }
    const refused = await stage.cli.json<Refused>(['start', file, '--yes'])
    expect(refused.error).toMatchObject({ exitCode: 2, problems: found.problems })
    expect(found.problems.map(({ line }) => line)).toEqual(expect.arrayContaining([6, 7, 8]))
    const started = await stage.cli.run(['start', file, '--yes'])
    expect(started.code).toBe(2)
    expect(started.stderr).toMatch(/wrong\.yaml:6:\d+/)
  })
})

describe('what is not there', () => {
  it('a Temporal server: said with its address and why, exit code 1, after half a minute', async () => {
    const address = `127.0.0.1:${await freePort()}`
    const said = await stage.cli.run(['status', 'orders'], { TEMPORAL_ADDRESS: address })
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain(`no Temporal server answers at ${address}`)
    expect(said.stderr).toMatch(/^waiting for the Temporal server at .*: the connection was refused/)
    expect(said.stderr).toContain('tried for 30s')
    expect(said.stderr).not.toMatch(/^\s+at /m)
  })

  it.each(['status', 'watch', 'report', 'approve'])('a service: %s says so, exit code 1', async (verb) => {
    const said = await stage.cli.run([verb, 'nobody'])
    expect(said).toMatchObject({ code: 1, stdout: '' })
    expect(said.stderr).toContain('there is no run of nobody')
  })

  it('a verb, a flag, a terminal to ask on: exit code 2', async () => {
    const file = stage.runbook('drill', { service: 'unasked' })
    expect((await stage.cli.run(['stattus', 'orders'])).stderr).toContain('did you mean: cutover status')
    expect(await stage.cli.run(['status', 'orders', '--loud'])).toMatchObject({ code: 2 })
    expect(await stage.cli.run(['start', file])).toMatchObject({ code: 2 })
    expect(await stage.cli.run(['abort', 'orders'])).toMatchObject({ code: 2 }) // no reason
  })
})

/** Every verb about a run, with what else it needs, so that a new one cannot be forgotten. */
async function verbsAboutRuns(): Promise<[name: string, words: string[]][]> {
  const needed: [form: RegExp, words: string[]][] = [
    [/ GUARD\b/, ['errors']],
    [/ --by TIME/, ['--by', '1m']],
    [/ --max\|/, ['--max', '1%']],
    [/ --reason TEXT/, ['--reason', 'tried']],
    [/ \[--out FILE/, ['--out', stage.write('report.html', '')]],
  ]
  const all = await Promise.all(verbs.map(async ({ name, load }) => ({ name, usage: (await load()).usage })))
  return all
    .filter(({ usage }) => / SERVICE\b/.test(usage))
    .map(({ name, usage }) => [name, needed.flatMap(([form, words]) => (form.test(usage) ? words : []))])
}

describe('a run', () => {
  it(
    'is named by the beginning of its id, for every verb that is about one',
    async () => {
      const { cli } = stage
      const started = ['start', stage.runbook('drill', { service: 'named' }), '--yes', '--as', STARTER]
      const { runId } = await cli.json<{ runId: string }>(started)
      const aborted = await cli.run(['abort', 'named', '--reason', 'enough', '--as', 'ana', '--wait'])
      expect(aborted, aborted.stderr).toMatchObject({ code: 3 })
      const tried = async ([verb, words]: [string, string[]]) => {
        const { stdout, stderr } = await cli.run([verb, 'named', ...words, '--run', runId.slice(0, 8)])
        expect(`${stdout}${stderr}`, verb).toMatch(/restored|has ended|wrote/)
        const missed = await cli.run([verb, 'named', ...words, '--run', 'ffff'])
        expect(missed, verb).toMatchObject({ code: 1, stdout: '' })
        expect(missed.stderr, verb).toContain('named has no run ffff')
      }
      await Promise.all((await verbsAboutRuns()).map(tried))
    },
    TEST_MS,
  )
})

describe('documents and colours', () => {
  it(
    'are what others script against',
    async () => {
      const { cli, lab } = stage
      const file = stage.runbook('orders-canary', { service: 'documents', edge: 'haproxy', hold: '20s' })
      await underLoad({ name: 'documents', target: { url: lab.addresses.haproxy.url } }, async () => {
        const plan = await cli.json<{ digest: string; steps: { changes: unknown[] }[] }>(['plan', file])
        expect(plan).toMatchObject({ service: 'documents', digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
        for (const step of plan.steps) {
          expect(keysOf(step)).toEqual(
            expect.arrayContaining(['changes', 'id', 'kind', 'reversible', 'title']),
          )
          for (const change of step.changes) {
            expect(keysOf(change)).toEqual(
              expect.arrayContaining(['before', 'connection', 'desired', 'target']),
            )
          }
        }
        const offline = await cli.json<{ digest: string }>(['plan', file, '--offline'])
        expect(offline.digest).not.toBe(plan.digest) // it names the runbook alone, the other one what it stands over as well

        const started = await cli.json(['start', file, '--yes', '--as', STARTER, '--plan', plan.digest])
        expect(started).toEqual({
          workflowId: 'cutover/documents',
          runId: expect.any(String),
          digest: plan.digest,
        })
        await until(
          '5 % are held',
          async () => {
            const { weights, phase } = await statusOf(stage, 'documents')
            return weights?.new === 5 && phase === 'holding'
          },
          TEST_MS / 2,
        )
        expect(await cli.json(['status', 'documents'])).toMatchObject({
          service: 'documents',
          outcome: null,
          phase: 'holding',
          step: { index: 3, total: 4, id: expect.any(String), title: expect.any(String) },
          gate: null,
          weights: { old: 95, new: 5 },
          changes: expect.arrayContaining([expect.objectContaining({ connection: 'edge', target: 'split' })]),
          guards: expect.arrayContaining([expect.objectContaining({ name: 'errors' })]),
        })
        expect(await cli.json(['list'])).toMatchObject([{ service: 'documents' }])
        expect((await cli.run(['status', 'documents'])).stdout).not.toContain(ESCAPE)
        const ended = cli.json(['watch', 'documents'])
        await decide(stage, ['abort', 'documents', '--reason', 'enough', '--as', 'ana'])
        expect(await ended).toMatchObject({
          service: 'documents',
          outcome: 'restored',
          weights: { old: 100, new: 0 },
        })
        expect(await cli.json(['report', 'documents'])).toMatchObject({
          run: { outcome: 'restored' },
          guards: expect.arrayContaining([expect.objectContaining({ subject: 'errors', isCut: true })]),
        })
      })
      expect(await stage.look()).toEqual(stage.start)
    },
    TEST_MS,
  )
})
