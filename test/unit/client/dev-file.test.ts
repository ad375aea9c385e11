// The state file of the dev server: one server at a time, and none is kept out by what a dead one has left.
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { claimStateFile } from '../../../client/dev-file.ts'
import { Problem } from '../../../client/problem.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cutover-dev-file-'))
  file = join(folder, 'dev.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const claim = (port: number, listening: number[] = []) =>
  claimStateFile(file, { port, answers: async (each) => listening.includes(each) })

/** The id of a process that has ended. */
const ended = () => spawnSync(process.execPath, ['-e', '']).pid
const left = (pid: number, port: number) => writeFileSync(`${file}.in-use`, JSON.stringify({ pid, port }))

it('is refused to a second server while the first one has it, with the port of that one', async () => {
  const release = await claim(7233)
  const refused = await claim(7234, [7233]).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Problem)
  expect((refused as Problem).what).toBe(`${file} is in use by the dev server on port 7233`)
  await release()
  expect(existsSync(`${file}.in-use`)).toBe(false)
  await (
    await claim(7234)
  )()
})

it('is free again when who had it is dead and nobody answers on its port', async () => {
  left(ended(), 7233)
  await (
    await claim(7234)
  )()
})

it('is not free while the server of a command that was killed still answers', async () => {
  left(ended(), 7233)
  await expect(claim(7234, [7233])).rejects.toThrow('in use by the dev server on port 7233')
})

it('is not free while another one starts, and is when that one never came up', async () => {
  left(process.ppid, 7233)
  await expect(claim(7234)).rejects.toThrow('in use by the dev server on port 7233')
  const long = new Date(Date.now() - 60_000)
  utimesSync(`${file}.in-use`, long, long)
  await (
    await claim(7234)
  )()
})

it('is free to a process that has the id of the one that is gone, as after the restart of a container', async () => {
  left(process.pid, 7233)
  await (
    await claim(7234)
  )()
})

it('is free when what was left cannot be read', async () => {
  writeFileSync(`${file}.in-use`, '{"pid":')
  await (
    await claim(7234)
  )()
})

it('says where the state could be kept when it cannot be kept there', async () => {
  const nowhere = join(folder, 'no-folder', 'dev.db')
  await expect(claimStateFile(nowhere, { port: 1, answers: async () => false })).rejects.toMatchObject({
    todo: ['cutover dev --db FILE   keeps it elsewhere'],
  })
})
