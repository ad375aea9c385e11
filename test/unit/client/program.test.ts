// The program under its other names: as a plugin of kubectl or temporal it says so of itself, and takes no flag of theirs for its own.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { asCalled, programOf } from '../../../client/program.ts'
import { CUTOVER } from '../../../lab/stage/worker.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-plugin-'))
  for (const name of ['kubectl-cutover', 'kubectl_complete-cutover', 'temporal-cutover'])
    symlinkSync(CUTOVER, join(folder, name))
})
afterAll(() => rmSync(folder, { recursive: true }))

async function called(
  name: string,
  ...words: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, TEMPORAL_ADDRESS: '127.0.0.1:1' }
  const { stdout, stderr, code } = await promisify(execFile)(
    process.execPath,
    [join(folder, name), ...words],
    { env },
  ).then(
    (said) => ({ ...said, code: 0 }),
    (error: { stdout: string; stderr: string; code: number }) => error,
  )
  return { code, stdout, stderr }
}

it('names itself as it was called, wherever it shows a command', async () => {
  expect((await called('kubectl-cutover', '--help')).stdout).toContain('Usage: kubectl cutover <verb>')
  const help = (await called('kubectl-cutover', 'approve', '--help')).stdout
  expect(help).toContain('Usage: kubectl cutover approve')
  expect(help).not.toMatch(/(?<!kubectl )cutover (approve|abort)\b/)
  expect((await called('temporal-cutover', 'approve', '--help')).stdout).toContain(
    'Usage: temporal cutover approve',
  )
  expect((await called('kubectl-cutover', 'aprove')).stderr).toContain(
    'did you mean: kubectl cutover approve',
  )
})

it('leaves every other mention of its name alone', () => {
  const program = programOf('/usr/bin/kubectl-cutover')
  const text = 'cutover: v1\ncutover 0.1.0: moves\nservice cutover plan-b\n`cutover plan FILE` of cutover'
  expect(asCalled(text, program)).toBe(
    'cutover: v1\ncutover 0.1.0: moves\nservice cutover plan-b\n`kubectl cutover plan FILE` of cutover',
  )
  expect(asCalled(text, programOf('/usr/bin/cutover'))).toBe(text)
})

it.each([
  [['status', 'orders', '-n', 'shop'], '-n'],
  [['status', 'orders', '-nshop'], '-nshop'],
  [['status', 'orders', '--namespace=shop'], '--namespace'],
  [['list', '--context', 'prod'], '--context'],
  [['plan', 'orders.yaml', '--kubeconfig', '/etc/kube'], '--kubeconfig'],
])('refuses %j in words: it would have meant something else', async (words, flag) => {
  const { code, stderr } = await called('kubectl-cutover', ...words)
  expect(code).toBe(2)
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`${flag} of kubectl means nothing to cutover`)
  expect(stderr).toContain('runbook')
})

it('takes its own flags of the same form: --user of rbac, --namespace under its own name', async () => {
  const example = new URL('../../../examples/practice.yaml', import.meta.url).pathname
  expect((await called('kubectl-cutover', 'rbac', example, '--user', 'maria')).code).toBe(0)
  expect((await called('temporal-cutover', 'validate', example, '--namespace', 'other')).code).toBe(0)
})

it('tells kubectl what may be typed next, in the words that kubectl reads', async () => {
  const { stdout } = await called('kubectl_complete-cutover', 'ab')
  expect(stdout).toBe('abort\tStop a run and put everything back\n:4\n')
  expect((await called('kubectl_complete-cutover', 'plan', '')).stdout, 'files').toMatch(/:0\n$/)
})
