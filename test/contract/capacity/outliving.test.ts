// Whatever an executable was told to do, it does not do after its worker has died: with a real process that is killed with -9.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../../../lab/until.ts'
import { type Fleet, isAlive, makeFleet } from './fleet.ts'

const ACTS_AFTER_S = 2 // long enough to be killed before, short enough to be waited for
const PROVIDER = pathToFileURL(
  join(import.meta.dirname, '../../../activities/capacity/command/index.ts'),
).href

let fleet: Fleet
beforeEach(() => {
  fleet = makeFleet()
})
afterEach(() => fleet.end())

/** A process that makes one write through the provider, as a worker does. */
function startCaller(name: string) {
  const code = `
    import { command } from ${JSON.stringify(PROVIDER)}
    const deps = { commandFolder: ${JSON.stringify(fleet.commandFolder)}, now: Date.now, log: {}, secrets: {}, fetch }
    const config = command.spec.config.parse({ observe: ['${name}'], apply: ['${name}'], timeout: '4s' })
    const write = { target: 'new', desired: { count: 4 }, seen: { value: { count: 2 } } }
    await command.connect(config, deps).write(write, { signal: AbortSignal.timeout(4_000) })
  `
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' })
}

it.each([
  ['itself', (act: string) => act],
  ['through a child', (act: string) => `( ${act} ) & wait`],
])('an executable that would act %s later dies with its worker', async (_, how) => {
  const [pids, acted] = [join(fleet.folder, 'pids'), join(fleet.folder, 'acted')]
  const act = `trap '' TERM HUP; sleep ${ACTS_AFTER_S} & echo "$$ $!" > '${pids}'; wait $!; touch '${acted}'; sleep 60`
  fleet.place('slow', `#!/bin/sh\ncat > /dev/null\n${how(act)}\n`)
  const caller = startCaller('slow')
  const ids = await until('the executable is at work', () => isThere(pids) && numbersIn(pids))
  caller.kill('SIGKILL')
  await once(caller, 'exit')
  await until('nothing of it is left', () => !ids.some(isAlive))
  await new Promise((resolve) => setTimeout(resolve, ACTS_AFTER_S * 1_000)) // the moment at which it would have acted
  expect(existsSync(acted)).toBe(false)
})

const isThere = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n')

const numbersIn = (file: string): number[] => readFileSync(file, 'utf8').trim().split(' ').map(Number)
