// The worker as its image has it: assembled by the steps of deploy/worker.Dockerfile, owned by another user, nothing to be
// written but /tmp, started there as that user. What Docker would add is not here: its layers and its network.
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, cpSync, lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolder } from '../../lab/folder.ts'
import { type Temporal, startTemporal } from '../../lab/servers/temporal.ts'
import { type OwnWorkers, ownWorkers } from '../workflow/own-workers.ts'

const ROOT = join(import.meta.dirname, '../..')
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0 // else the tests' own user has to do: what is read-only is so for it as well
const ASSEMBLED_WITHIN_MS = 300_000 // a build and an installation of its packages, on busy cores
const SERVED_WITHIN_MS = 180_000 // a run of a quarter of a minute, on busy cores

const image = createFolder('image')
const app = join(image.path, 'app')
const node = join(image.path, 'node') // the checkout, and the Node in it, may lie where another user may not look
const dockerfile = readFileSync(join(ROOT, 'deploy/worker.Dockerfile'), 'utf8')
let temporal: Temporal
let workers: OwnWorkers
let before: string[]

beforeAll(async () => {
  const [, script = ''] = /^RUN sh (\S+) \/source \/app$/m.exec(dockerfile) ?? []
  execFileSync('sh', [join(ROOT, script), ROOT, app], { stdio: 'pipe' })
  cpSync(process.execPath, node)
  chmodSync(image.path, 0o555)
  if (isRoot) for (const path of everything(image.path)) chownNotLinks(path)
  before = written()
  temporal = await startTemporal()
  const [, started = '[]'] = /^ENTRYPOINT (.*)$/m.exec(dockerfile) ?? []
  const [, program = ''] = JSON.parse(started) as string[]
  workers = ownWorkers([join(app, program), 'worker'], asNobody())
}, ASSEMBLED_WITHIN_MS)

afterAll(async () => {
  await workers?.end()
  await temporal?.server.close()
  chmodSync(image.path, 0o755)
  for (const path of everything(app)) if (lstatSync(path).isDirectory()) chmodSync(path, 0o755)
  image.remove()
})

it('holds what runs, and nothing of what builds or tests', () => {
  expect(readdirSync(app).toSorted()).toEqual(
    ['LICENSE', 'bin', 'dist', 'node_modules', 'package-lock.json', 'package.json', 'schema'].toSorted(),
  )
  const packages = readdirSync(join(app, 'node_modules'))
  expect(packages).toContain('@temporalio')
  for (const name of ['vitest', 'typescript', 'rolldown', 'oxlint']) expect(packages).not.toContain(name)
})

it(
  'serves a run to its end as a user who may write nothing there',
  async () => {
    const env = {
      TEMPORAL_ADDRESS: temporal.address,
      CUTOVER_METRICS_ADDRESS: '127.0.0.1:0',
      CUTOVER_LOG: 'json',
    }
    const worker = workers.start({ ...env, NODE_ENV: 'production' })
    const [, url] = await worker.wrote(/"endpoint":"(http:[^"]+)"/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    const [command = '', ...args] = asNobody()
    const words = [join(app, 'bin/cutover.js'), 'start', '-', '--yes', '--wait', '-o', 'json']
    const start = spawn(command, [...args, ...words], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    start.stdin.end(readFileSync(join(ROOT, 'examples/practice.yaml')))
    const said = await text(start.stdout)
    expect(JSON.parse(said)).toMatchObject({ outcome: 'completed', weights: { old: 0, new: 100 } })
    worker.signal('SIGTERM')
    expect(await worker.ended, worker.text()).toBe(0)
    expect(written(), 'nothing was written').toEqual(before)
  },
  SERVED_WITHIN_MS,
)

function asNobody(): string[] {
  const user = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', '--']
  return isRoot ? [...user, node] : [node]
}

function chownNotLinks(path: string): void {
  if (!lstatSync(path).isSymbolicLink()) chownSync(path, NOBODY, NOBODY)
}

function everything(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return [folder, ...names.map((name) => join(folder, name))]
}

/** What would tell of a write: every path with its size and the moment of its last change. */
function written(): string[] {
  return everything(image.path).map((path) => {
    const { size, mtimeMs, mode } = lstatSync(path)
    return `${path} ${size} ${mtimeMs} ${mode}`
  })
}
