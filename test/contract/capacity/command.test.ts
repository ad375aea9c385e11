// capacity/command with real executables: the contract of changing ports, and what a hostile or broken one can do.
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { command } from '../../../activities/capacity/command/index.ts'
import type { Provider } from '../../../activities/provider.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import { type ChangingBench, changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { FLEET_SECRET, type Fleet, isAlive, makeFleet } from './fleet.ts'

const provider = command as unknown as Provider

async function makeBench(): Promise<ChangingBench> {
  const fleet = makeFleet()
  const { observe, apply } = fleet.config as { observe: string[]; apply: string[] }
  return {
    provider,
    config: fleet.config,
    deps: testDeps({ commandFolder: fleet.commandFolder }),
    target: 'new',
    missingTarget: 'elsewhere',
    values: [{ count: 4 }, { count: 6 }],
    neighbours: async () => fleet.read()['old'] as Json,
    stranger: async (value) => fleet.write({ ...fleet.read(), new: (value as { count: number }).count }),
    async outage() {
      fleet.hang(true)
      return { end: async () => fleet.hang(false) }
    },
    wrongCredentials: {
      config: { observe: [...observe, 'stranger'], apply: [...apply, 'stranger'] },
    },
    secrets: [FLEET_SECRET],
    end: async () => fleet.end(),
  }
}

changingContract('capacity/command', makeBench)

const running = (name: string, timeout = '3s'): JsonObject => ({ observe: [name], apply: [name], timeout })

describe('capacity/command', () => {
  let fleet: Fleet
  beforeEach(() => {
    fleet = makeFleet()
  })
  afterEach(() => fleet.end())

  const deps = (commandFolder: string | null = fleet.commandFolder) => testDeps({ commandFolder })
  const port = (config: JsonObject = fleet.config, lent = deps()) => connect(provider, config, lent)
  const confirm = (count: number) =>
    port().confirm?.({ target: 'new', desired: { count }, options: {} }, io())
  const observed = (name: string, timeout?: string) => said(port(running(name, timeout)).observe('new', io()))
  const written = (name: string, timeout?: string) =>
    said(
      port(running(name, timeout)).write(
        { target: 'new', desired: { count: 4 }, seen: { value: { count: 2 }, version: 'r7' } },
        io(),
      ),
    )

  it('says how many of the wanted instances are ready', async () => {
    fleet.write({ old: 3, new: 4 })
    expect(await confirm(4)).toEqual({ settled: false, lines: ['new: 3 of 4 ready'] })
    fleet.write({ old: 3, new: 5 })
    expect(await confirm(4)).toEqual({ settled: true, lines: ['new: 4 of 4 ready'] })
  })

  it('hands over target, wish, expectation and version as one line of JSON, and nothing of its environment', async () => {
    const seen = join(fleet.folder, 'seen')
    fleet.place('spy', `#!/bin/sh\ncat > '${seen}.json'\nenv > '${seen}.env'\n`)
    process.env['CUTOVER_TEST_ONLY'] = 'must stay here'
    const begunAt = Date.now()
    expect(await written('spy')).toBe('done')
    delete process.env['CUTOVER_TEST_ONLY']
    const { deadline, ...input } = JSON.parse(readFileSync(`${seen}.json`, 'utf8')) as JsonObject
    expect(JSON.stringify(input)).toBe(
      '{"target":"new","desired":{"count":4},"expected":{"count":2},"version":"r7"}',
    )
    expect(
      Date.parse(String(deadline)) - begunAt,
      'the time limit of 3s, as a moment',
    ).toBeGreaterThanOrEqual(3_000)
    expect(new Date(String(deadline)).toISOString()).toBe(deadline)
    const names = readFileSync(`${seen}.env`, 'utf8')
      .split('\n')
      .map((line) => line.split('=')[0])
    expect(
      names.filter((name) => name !== '' && name !== 'PWD' && name !== '_' && name !== 'SHLVL').sort(),
    ).toEqual(['LANG', 'PATH'])
  })

  it('turns each exit code into the right kind, with the last words of the executable', async () => {
    const kinds: [number, string][] = [
      [64, 'Config'],
      [65, 'Rejected'],
      [66, 'Missing'],
      [69, 'Unavailable'],
      [73, 'Conflict'],
      [77, 'Denied'],
      [78, 'Config'],
      [127, 'Config'],
      [1, 'Unavailable'],
    ]
    for (const [code, kind] of kinds) {
      fleet.place('fails', `#!/bin/sh\necho 'password=hunter2 refused' >&2\nexit ${code}\n`)
      expect(await written('fails')).toBe(`${kind}: fails for new: exit ${code}; password=[secret] refused`)
    }
    fleet.place('dies', '#!/bin/sh\nkill -9 $$\n')
    expect(await observed('dies')).toBe(
      'Unavailable: dies for new: ended by SIGKILL; it said nothing on stderr',
    )
  })

  it('passes on who wrote last, and whether that was a person or a machine', async () => {
    fleet.place('told', `#!/bin/sh\necho '{"count":4,"ready":4,"writer":"hpa","writtenBy":"machine"}'\n`)
    expect(await port(running('told')).observe('new', io())).toEqual({
      value: { count: 4 },
      facts: { ready: 4 },
      writer: 'hpa',
      writtenBy: 'machine',
    })
    fleet.place('odd', `#!/bin/sh\necho '{"count":4,"ready":4,"writtenBy":"somebody"}'\n`)
    expect(await observed('odd')).toContain('Rejected: odd for new printed')
  })

  it('hands over the floor of an autoscaler with the count, where it was told one', async () => {
    const seen = join(fleet.folder, 'seen')
    fleet.place('scaled', `#!/bin/sh\necho '{"count":4,"ready":4,"floor":1}'\n`)
    fleet.place('spy', `#!/bin/sh\ncat > '${seen}'\n`)
    const observe = (await port(running('scaled')).observe('new', io())).value
    expect(observe).toEqual({ count: 4, floor: 1 })
    const desired = { count: 4, floor: 4 }
    await port(running('spy')).write({ target: 'new', desired, seen: { value: observe } }, io())
    expect(JSON.parse(readFileSync(seen, 'utf8'))).toMatchObject({ desired, expected: observe })
  })

  it('says what came instead of a report', async () => {
    fleet.place('chatty', '#!/bin/sh\necho all is well\n')
    expect(await observed('chatty')).toBe(
      'Rejected: chatty for new printed "all is well" instead of {"count": 4, "ready": 4}',
    )
    fleet.place('negative', `#!/bin/sh\necho '{"count":-1,"ready":0}'\n`)
    expect(await observed('negative')).toContain('Rejected: negative for new printed')
    fleet.place('flood', '#!/bin/sh\nhead -c 1000000 /dev/zero\n')
    expect(await observed('flood')).toBe(
      'Rejected: flood for new printed more than 64 KiB instead of {"count": 4, "ready": 4}',
    )
    expect(await written('flood'), 'what apply prints is not read').toBe('done')
  })

  it('ends an executable that ignores SIGTERM, with its children', async () => {
    const pids = join(fleet.folder, 'pids')
    fleet.place('deaf', `#!/bin/sh\ntrap '' TERM\nsleep 60 &\necho "$$ $!" > '${pids}'\nwait\nsleep 60\n`)
    expect(await written('deaf', '300ms')).toBe(
      'Unavailable: deaf for new: ended after 300ms; it said nothing on stderr',
    )
    const ids = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
    expect(ids).toHaveLength(2)
    await until('both processes are gone', () => ids.every((id) => !isAlive(id)))
  })

  it('does not wait for what an executable leaves running behind', async () => {
    const pid = join(fleet.folder, 'pid')
    fleet.place('leaves', `#!/bin/sh\nsleep 60 &\necho $! > '${pid}'\necho '{"count":4,"ready":4}'\n`)
    expect(await observed('leaves')).toBe('done')
    process.kill(Number(readFileSync(pid, 'utf8')))
  })

  it('runs only what the owner of the worker has placed', async () => {
    const path = fleet.commandFolder
    const outside = join(fleet.folder, 'outside')
    writeFileSync(outside, '#!/bin/sh\ntouch ran\n', { mode: 0o755 })
    symlinkSync(outside, join(path, 'linked'))
    fleet.place('open', '#!/bin/sh\n', 0o777)
    fleet.place('plain', '#!/bin/sh\n', 0o644)
    fleet.place('broken', '#!/nowhere/interpreter\n')
    const run = (name: string): string => `run ${name} from ${path}:`
    expect(await observed('linked')).toBe(
      `Denied: ${run('linked')} a link that leaves the folder; copy the executable into it`,
    )
    expect(await observed('open')).toBe(`Denied: ${run('open')} everybody may write it; chmod o-w open`)
    expect(await observed('plain')).toBe(`Config: ${run('plain')} not executable; chmod +x plain`)
    expect(await observed('absent')).toBe(
      `Config: ${run('absent')} not there (ENOENT); there is broken, fleet, linked, open, plain`,
    )
    expect(await observed('broken')).toBe(
      'Config: broken could not be started: ENOENT; its interpreter (first line) is not there',
    )
    expect(await said(port(fleet.config, deps(null)).observe('new', io()))).toBe(
      'Config: run fleet: this worker runs no commands; set CUTOVER_COMMAND_FOLDER to the folder that holds them',
    )
    expect(existsSync(join(path, 'ran'))).toBe(false)
    for (const name of ['../outside', '/bin/sh', '.hidden', 'a b', '']) {
      expect(command.spec.config.safeParse(running(name)).success, name).toBe(false)
    }
  })
})

/** What became of a call: `done`, or kind and message. */
async function said(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => `${(error as { type?: string }).type}: ${(error as Error).message}`,
  )
}
