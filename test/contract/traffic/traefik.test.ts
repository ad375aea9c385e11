// traffic/traefik on a real Traefik: the contract of changing ports, its proof under load, its quirks. The mirror under the
// contract, and the lies, are in test/proxies.
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { traefik } from '../../../activities/traffic/traefik/index.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { changingContract, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import {
  type Stand,
  bench,
  configOf,
  edited,
  provider,
  put,
  read,
  served,
  startStand,
  strangerWrites,
} from './traefik-bench.ts'
import { sendLoad } from './upstream.ts'

changingContract(`${traefik.spec.id} split`, bench('split'), ['missing target'])

describe('traffic/traefik', () => {
  let stand: Stand
  let original: string
  const open = (more: JsonObject = {}): Changing => connect(provider, configOf(stand.edge, more), testDeps())

  beforeAll(async () => {
    stand = await startStand()
    original = read(stand.edge)
  })
  afterEach(async () => {
    if (read(stand.edge) === original) return
    put(stand.edge, original)
    await expect
      .poll(() => open().observe('split', io()), { timeout: 10_000 })
      .toMatchObject({ value: { old: 100, new: 0 } })
  })
  afterAll(() => stand?.end())

  const failureOf = (call: Promise<unknown>): Promise<{ kind: string | null; message: string } | null> =>
    call.then(
      () => null,
      (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
    )

  async function write(port: Changing, desired: Json, target = 'split') {
    const seen = await port.observe(target, io())
    return await failureOf(port.write({ target, desired, seen }, io()))
  }

  it('counts what each service was given and what was copied, and takes nothing less for proven', async () => {
    const port = open()
    expect(await write(port, { percent: 20 }, 'mirror')).toBe(null)
    expect(await write(port, { old: 75, new: 25 })).toBe(null)
    const options = { samples: 600, tolerance: 3 }
    const requests = [
      { target: 'split', desired: { old: 75, new: 25 }, options },
      { target: 'mirror', desired: { percent: 20 }, options },
    ]
    const first = await Promise.all(requests.map((request) => port.confirm!(request, io())))
    const look = () =>
      Promise.all(
        requests.map((request, at) => port.confirm!({ ...request, memory: first[at]!.memory! }, io())),
      )
    const load = (count: number) => sendLoad({ url: stand.edge.url, requests: count, perSecond: 500 })
    expect((await load(100)).failed).toEqual([])
    for (const { settled, lines } of await look()) expect(settled, lines.join('\n')).toBe(false)
    expect((await load(600)).failed).toEqual([])
    for (const { settled, lines } of await look()) expect(settled, lines.join('\n')).toBe(true)
    await strangerWrites(stand.edge, edited(read(stand.edge), { old: 50, new: 50 }))
    const [other] = await look()
    expect(other).toMatchObject({
      settled: false,
      lines: [
        expect.stringMatching(/^Traefik serves \{"old":50,"new":50,"members":.*, not as desired$/),
        expect.any(String),
      ],
    })
    put(stand.edge, edited(read(stand.edge), { percent: 0 }))
  })

  it('refuses a service that Traefik does not have, and a mirror of half a percent', async () => {
    const [withOther] = [original.replace('name: v2', 'name: v9')]
    put(stand.edge, withOther)
    await expect
      .poll(async () => (await served(stand.edge, 'app'))['status'], { timeout: 10_000 })
      .not.toBe('enabled')
    const port = open({ new: 'v9' })
    const seen = await port.observe('split', io())
    expect(seen.cautions?.[1]).toContain('Traefik has no service v9@file')
    expect(await write(port, { old: 90, new: 10 })).toEqual({
      kind: 'Rejected',
      message: `setting split to {"old":90,"new":10} in ${stand.edge.dynamicFile}: Traefik has no service v9@file and would answer 404`,
    })
    const half = await failureOf(open().observe('mirror', io(), [{ percent: 0.5 }]))
    expect(half).toMatchObject({ kind: 'Rejected', message: expect.stringContaining('whole percents') })
  })

  it('names others whose requests are counted with ours, and a file that it cannot work on', async () => {
    put(stand.edge, original.replace('name: p1', 'name: v1'))
    await expect
      .poll(async () => (await open().observe('split', io())).facts, { timeout: 10_000 })
      .toEqual({ sharing: 'others send to the same services and are counted too: service payments@file' })
    put(stand.edge, `${original}{{ range $i }}`)
    expect((await open().observe('split', io())).elsewhere).toEqual([
      { place: expect.stringContaining('it is not YAML (a template?)'), value: null, isUntold: true },
    ])
    expect(await write(open(), { old: 90, new: 10 })).toMatchObject({ kind: 'Rejected' })
  })

  it('says what `sticky` does: known users keep their side while it has any weight, and no longer', async () => {
    const sticky = original.replace('weighted:\n', 'weighted:\n        sticky: { cookie: { name: side } }\n')
    put(stand.edge, edited(sticky, { old: 50, new: 50 }))
    const ask = async (cookie = '') => {
      const { headers } = await fetch(stand.edge.url, { headers: { cookie } })
      return { side: headers.get('x-side'), cookie: headers.get('set-cookie')?.split(';')[0] ?? '' }
    }
    const found = { side: '', cookie: '' }
    await until('a user of the new side is known', async () => {
      Object.assign(found, await ask())
      return found.side === 'new' && found.cookie !== ''
    })
    expect((await open().observe('split', io())).cautions?.join()).toMatch(
      /is sticky: .* while it has any weight/,
    )
    for (let asked = 0; asked < 10; asked++) expect((await ask(found.cookie)).side).toBe('new')
    expect(await write(open(), { old: 100, new: 0 })).toBe(null)
    await until('its cookie is not known any more', async () => (await ask(found.cookie)).side === 'old')
  })

  it('tries what a write needs without one', async () => {
    const [folder, above] = [dirname(stand.edge.dynamicFile), dirname(stand.edge.staticFile)]
    expect(await open().permits?.('split', io())).toBe(
      `${folder} and ${above} may be written, so the file can be replaced`,
    )
    const link = `${above}/link.yml`
    symlinkSync(stand.edge.dynamicFile, link)
    writeFileSync(`${above}/other.yml`, '')
    expect(await failureOf(open({ file: link }).permits!('split', io()))).toMatchObject({ kind: 'Config' })
    expect(await failureOf(open({ staging: '/proc' }).permits!('split', io()))).not.toBe(null)
    rmSync(link)
  })
})
