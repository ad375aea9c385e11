// The worker as its image has it: the files that the Dockerfile copies, nothing to be written, a user without rights. What
// Docker would do is done by hand, so that it runs everywhere; the image itself is not built here.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  globSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFolder } from '../../lab/folder.ts'
import type { Temporal } from '../../lab/servers/temporal.ts'
import { startTemporal } from '../../lab/servers/temporal.ts'
import type { OwnWorkers } from './own-workers.ts'
import { ownWorkers } from './own-workers.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const NOBODY = '65534'
const WRITABLE = 0o222
const isRoot = process.getuid?.() === 0

const image = createFolder('image')
let temporal: Temporal
let workers: OwnWorkers
beforeAll(async () => {
  temporal = await startTemporal()
  for (const [, from = '', to = ''] of dockerfile.matchAll(/^COPY (\S+) (\.\/\S+)$/gm))
    cpSync(join(ROOT, from), join(image.path, to), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(image.path, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(image.path, 'node_modules'))
  for (const [, command = ''] of dockerfile.matchAll(/^RUN node (\S+)$/gm))
    execFileSync(process.execPath, [command], { cwd: image.path })
  setWritable(false)
  // Whoever starts the tests as root could write anywhere: in the container it is `USER node`.
  const user = ['setpriv', '--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--']
  workers = ownWorkers([join(image.path, 'bin/cutover.js'), 'worker'], isRoot ? user : [])
})
afterAll(async () => {
  await workers?.end()
  await temporal?.server.close()
  setWritable(true)
  image.remove()
})

const dockerfile = readFileSync(join(ROOT, 'deploy/worker.Dockerfile'), 'utf8')
const bundles = (): string[] => globSync('.cutover/bundles/*.js', { cwd: image.path })

function setWritable(isWritable: boolean): void {
  const names = readdirSync(image.path, { recursive: true, encoding: 'utf8' })
  const all = names.filter((name) => !name.startsWith('node_modules')).map((name) => join(image.path, name))
  for (const path of [image.path, ...all]) {
    const found = statSync(path)
    const readable = found.isDirectory() ? 0o555 : 0o444
    chmodSync(path, isWritable ? found.mode | 0o200 : (found.mode | readable) & ~WRITABLE)
  }
}

it('starts from what the image brings, writes nothing, and is healthy', async () => {
  const before = bundles()
  expect(before).toHaveLength(1)
  await expectHealthy()
  expect(bundles()).toEqual(before)
})

it('starts without the bundle too: it builds it and keeps it in memory', async () => {
  setWritable(true)
  rmSync(join(image.path, '.cutover'), { recursive: true })
  setWritable(false)
  await expectHealthy()
  expect(bundles()).toEqual([])
})

async function expectHealthy(): Promise<void> {
  const worker = workers.start({
    TEMPORAL_ADDRESS: temporal.address,
    CUTOVER_METRICS_ADDRESS: '127.0.0.1:0',
    CUTOVER_LOG: 'json',
  })
  const [, url] = await worker.wrote(/"endpoint":"(http:[^"]+)"/)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  worker.signal('SIGTERM')
  expect(await worker.ended, worker.text()).toBe(0)
}
