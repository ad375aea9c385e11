// Completion as people use it, in bash, zsh and fish: verbs, services, gates and runs, asked of a server with a run at a question.
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, createFolder } from '../../lab/folder.ts'
import { type Lab, startLab } from '../../lab/lab.ts'
import { type Cli, cliWith } from '../../lab/stage/cli.ts'
import { CUTOVER } from '../../lab/stage/worker.ts'
import { until } from '../../lab/until.ts'
import { requireServer } from '../../scripts/find-servers.mjs'
import type { RunView } from '../../view/model.ts'
import { type TestWorker, createTestWorker } from '../../worker/testing.ts'
import { deps } from '../workflow/deps.ts'

const TYPED_MS = 20_000 // a start of the CLI or two, on busy cores
const RUNBOOK = `cutover: v1
service: shop
connections:
  edge: { provider: traffic/sim, world: shop, rate: 100/s }
  prom: { provider: metrics/sim, world: shop }
guards:
  errors: { from: prom, query: 'error_ratio($side, 1s)', max: 1% }
steps:
  - approve: { title: On to everybody, people: anyone, expires: 1h, guards: [] }
  - switch: { connection: edge, hold: 1s, samples: 0 }
`

let lab: Lab
let worker: TestWorker
let connection: NativeConnection
let cli: Cli
let folder: Folder
let environment: { [name: string]: string }
let view: RunView
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') })
  lab = await startLab({ only: ['temporal'] })
  folder = createFolder('completion')
  const { address, namespace } = lab.addresses.temporal
  environment = { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace }
  connection = await NativeConnection.connect({ address })
  worker = await createTestWorker({ connection, namespace, deps })
  cli = cliWith(environment)
  const file = join(folder.path, 'shop.yaml')
  writeFileSync(file, RUNBOOK)
  await cli.json(['start', file, '--yes', '--as', 'maria'])
  await until('the run asks', async () => {
    view = await cli.json<RunView>(['status', 'shop'])
    return view.gates.length > 0
  })
})
afterAll(async () => {
  await cli?.end()
  await worker?.stop()
  await connection?.close()
  await lab?.stop()
  folder?.remove()
})

type Shell = {
  name: 'bash' | 'zsh' | 'fish'
  /** A script that completes these words and prints what is offered, one word a line. */
  script(words: string[]): string
}

const quoted = (words: string[]) => words.map((word) => `'${word}'`).join(' ')

const SHELLS: Shell[] = [
  {
    name: 'bash',
    script: (words) => `eval "$(cutover completion bash)"
COMP_WORDS=(cutover ${quoted(words)}); COMP_CWORD=${words.length}
_cutover; printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  {
    name: 'zsh',
    // Without a terminal there is no completion to be had: what it hands over to zsh is what it offers.
    script: (
      words,
    ) => `compdef() { : }; _files() { print -l -- ":files" }; _describe() { print -l -- "\${(@)found%%:*}" }
eval "$(cutover completion zsh)"
words=(cutover ${quoted(words)}); CURRENT=${words.length + 1}
_cutover; true`,
  },
  {
    name: 'fish',
    script: (words) => `cutover completion fish | source
complete -C ${quoted([['cutover', ...words].join(' ')])} | string split -f 1 \\t; true`,
  },
]

describe.each(SHELLS)('$name', ({ name, script }) => {
  const typed = async (...words: string[]): Promise<string[]> => {
    const path = join(folder.path, `typed.${name}`)
    writeFileSync(path, script(words))
    const bin = join(folder.path, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'cutover'), `#!/bin/sh\nexec '${process.execPath}' '${CUTOVER}' "$@"\n`, {
      mode: 0o755,
    })
    const shell = name === 'bash' ? 'bash' : requireServer(name)
    const PATH = `${bin}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
    const env = { ...process.env, ...environment, PATH, HOME: folder.path }
    const options = { env, cwd: folder.path, timeout: TYPED_MS }
    const { stdout } = await promisify(execFile)(shell, [path], options)
    return stdout.split('\n').filter((line) => line !== '')
  }

  it('offers verbs, services, gates, runs and values', async () => {
    expect(await typed('appr')).toEqual(['approve'])
    expect(await typed('approve', 'sh')).toEqual(['shop'])
    expect(await typed('approve', 'shop', '--gate', '')).toEqual([view.gates[0]?.id])
    expect(await typed('retune', 'shop', '')).toEqual(['errors'])
    expect(await typed('report', 'shop', '--run', view.runId.slice(0, 4))).toEqual([view.runId])
    expect(await typed('status', 'shop', '-o', 'j')).toEqual(['json'])
  }, 60_000)

  it('offers files where a runbook is wanted', async () => {
    const offered = await typed('validate', name === 'zsh' ? '' : 'shop')
    expect(offered).toEqual(name === 'zsh' ? [':files'] : ['shop.yaml'])
  })
})
