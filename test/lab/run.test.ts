// `npm run ...`: what it starts ends with it. npm passes a signal to its shell only, and a shell passes nothing on.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { until } from '../../lab/until.ts'

const ROOT = join(import.meta.dirname, '../..')

it('a program that npm started ends when npm and its shell are told to', async () => {
  const command = `"${process.execPath}" scripts/run.mjs test/lab/waits.ts; exit $?` // so that the shell stays beside it
  const shell = spawn('sh', ['-c', command], {
    cwd: ROOT,
    env: { ...process.env, npm_lifecycle_event: 'lab' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(shell.stdout, 'data')) as [Buffer]
  const pid = Number(said.toString())
  expect(isAlive(pid)).toBe(true)
  shell.kill('SIGTERM')
  await until('it has ended', () => !isAlive(pid), 10_000)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
