// The verbs as a script sees them: exact keys, exit codes, nothing written that was not asked for.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Command, Output } from '../../../client/command.ts'
import { init } from '../../../client/commands/init.ts'
import { plan } from '../../../client/commands/plan.ts'
import { rbac } from '../../../client/commands/rbac.ts'
import { schema } from '../../../client/commands/schema.ts'
import { validate } from '../../../client/commands/validate.ts'
import type { Json } from '../../../workflows/json.ts'
import { RIGHT, example, wrong } from './fixture.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cutover-commands-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Answer = { code: number; text: string; errors: string; document: Json | undefined }

const temporal = () => Promise.reject(new Error('no server is needed here'))

async function run(
  command: Command,
  args: string[],
  options: { json?: boolean; offline?: boolean } = {},
): Promise<Answer> {
  const answer: Answer = { code: -1, text: '', errors: '', document: undefined }
  const out: Output = {
    json: options.json === true,
    tty: false,
    color: false,
    width: 100,
    write: (text) => void (answer.text += text),
    line: (text = '') => void (answer.text += `${text}\n`),
    error: (text) => void (answer.errors += `${text}\n`),
    document: (value) => void (answer.document = value),
  }
  const flags = { offline: options.offline === true }
  answer.code = await command.run({
    args,
    flags,
    out,
    env: {},
    signal: new AbortController().signal,
    temporal,
  })
  return answer
}

async function fileOf(text: string): Promise<string> {
  const file = join(folder, 'runbook.yaml')
  await writeFile(file, text)
  return file
}

test('validate -o json answers with exactly valid and problems', async () => {
  const right = await run(validate, [await fileOf(RIGHT)], { json: true })
  expect(right).toMatchObject({ code: 0, text: '', errors: '' })
  expect(right.document).toStrictEqual({ valid: true, problems: [] })

  const file = await fileOf(wrong('hold: 5m', 'hodl: 5m'))
  const bad = await run(validate, [file], { json: true })
  expect(bad.code).toBe(2)
  expect(bad.document).toStrictEqual({
    valid: false,
    problems: [
      {
        file,
        line: 20,
        column: 53,
        path: 'steps[3].canary.hodl',
        message: 'unknown key "hodl"',
        fix: 'did you mean "hold"?',
      },
    ],
  })
})

test('validate points at the place with a caret', async () => {
  const file = await fileOf(wrong('hold: 5m', 'hold: 5 minutes'))
  const { code, text } = await run(validate, [file])
  const [place = '', line = '', caret = '', fix = ''] = text.split('\n')
  expect(code).toBe(2)
  expect(place.startsWith(`${file}:20:59  steps[3].canary.hold: not a duration`)).toBe(true)
  expect(line.slice(caret.indexOf('^'))).toMatch(/^5 minutes/)
  expect(fix.trim()).toBe('fix: write 5m')
})

test('validate says of a file that is not there what would help', async () => {
  const { code, document } = await run(validate, [join(folder, 'nothing.yaml')], { json: true })
  expect(code).toBe(2)
  expect(document).toMatchObject({ valid: false, problems: [{ line: 1, column: 1, path: '', fix: /init/ }] })
})

test('rbac prints the verbs on the objects that a runbook names, and no more', async () => {
  const unheld = example('gateway-api').replace(/.*side: old.*\n/, '')
  const { code, document } = await run(rbac, [await fileOf(unheld)], { json: true })
  expect(code).toBe(0)
  const [{ cluster, namespace, objects }] = document as unknown as [
    {
      cluster: string
      namespace: string
      objects: { kind: string; rules?: object[]; subjects?: object[] }[]
    },
  ]
  expect({ cluster, namespace }).toEqual({ cluster: 'prod-eu', namespace: 'shop' })
  const rule = (path: string, verbs: string[], ...names: string[]) => {
    const [group, ...resource] = path.split('/')
    const own = { apiGroups: [group], resources: [resource.join('/')], verbs }
    return names.length === 0 ? own : { ...own, resourceNames: names }
  }
  expect(objects[0]?.rules).toEqual([
    rule('gateway.networking.k8s.io/httproutes', ['get', 'patch'], 'orders'),
    rule('apps/deployments', ['get'], 'orders-v1', 'orders-v2'), // the old side is only looked at
    rule('apps/deployments/scale', ['patch'], 'orders-v2'),
    rule('autoscaling/horizontalpodautoscalers', ['list', 'patch']),
    rule('keda.sh/scaledobjects', ['list', 'patch']),
    ...['pods', 'services', 'resourcequotas', 'limitranges'].map((name) => rule(`/${name}`, ['list'])),
    rule('policy/poddisruptionbudgets', ['list']),
    rule('networking.istio.io/destinationrules', ['list']),
  ])
  expect(objects[1]?.subjects).toEqual([{ kind: 'ServiceAccount', name: 'cutover', namespace: 'cutover' }])
  const { text } = await run(rbac, [await fileOf(RIGHT)])
  expect(text).toBe('# nothing in Kubernetes: no connection of this runbook needs a permission there\n')
})

test('plan --offline -o json answers with the keys that scripts rely on, without a server', async () => {
  const { code, document } = await run(plan, [await fileOf(RIGHT)], { json: true, offline: true })
  expect(code).toBe(0)
  const answer = document as { digest: string; service: string; steps: { [key: string]: Json }[] }
  expect(answer.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(answer.service).toBe('orders')
  expect(answer.steps[3]).toMatchObject({
    id: 's04-canary',
    kind: 'canary',
    title: 'canary 5% 50% on edge',
    reversible: true,
  })
  expect(answer.steps[3]?.['changes']).toMatchObject([
    { connection: 'edge', target: 'split', before: null, desired: { old: 95, new: 5 } },
    { connection: 'edge', target: 'split', before: { old: 95, new: 5 }, desired: { old: 50, new: 50 } },
  ])
})

test('plan ends with the command that starts exactly this plan', async () => {
  const file = await fileOf(RIGHT)
  const { text } = await run(plan, [file], { offline: true })
  expect(text.trimEnd().split('\n').at(-1)).toMatch(
    new RegExp(`^start with: cutover start ${RegExp.escape(file)} --plan [0-9a-f]{64}$`),
  )
})

test('plan of a runbook with mistakes tells them and ends with 2', async () => {
  const file = await fileOf(wrong('hold: 5m', 'hodl: 5m'))
  expect(await run(plan, [file], { offline: true })).toMatchObject({
    code: 2,
    text: '',
    errors: /unknown key "hodl"/,
  })
})

test('init writes a runbook that is valid, and never over another file', async () => {
  const file = join(folder, 'first.yaml')
  expect((await run(init, [file])).code).toBe(0)
  expect((await run(validate, [file])).code).toBe(0)
  await writeFile(file, 'mine')
  await expect(run(init, [file])).rejects.toMatchObject({ exitCode: 2, what: /exists already/ })
  expect(await readFile(file, 'utf8')).toBe('mine')
})

test('schema prints what is published', async () => {
  const { text } = await run(schema, [])
  expect(JSON.parse(text)).toEqual(
    JSON.parse(await readFile(new URL('../../../schema/runbook.json', import.meta.url), 'utf8')),
  )
})
