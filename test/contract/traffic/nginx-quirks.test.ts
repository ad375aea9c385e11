// traffic/nginx and what NGINX accepts or refuses: each told in words, nothing left behind, and the proof by counted requests.
import { readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { kindOf } from '../../../activities/failure.ts'
import { freePort } from '../../../lab/ports.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../changing.ts'
import {
  type Stand,
  configOf,
  edited,
  linesOf,
  provider,
  put,
  read,
  reload,
  startStand,
  switchBefore,
} from './nginx-bench.ts'
import { sendLoad } from './upstream.ts'

let stand: Stand
let original: string
const open = (more: JsonObject = {}): Changing => connect(provider, configOf(stand.edge, more), stand.deps)

beforeAll(async () => {
  stand = await startStand()
  original = read(stand.edge)
})
afterEach(async () => {
  if (read(stand.edge) === original) return
  put(stand.edge, original)
  await reload(stand.edge)
})
afterAll(() => stand?.end())

/** What a call comes to: null, or the kind and words of its failure. */
const failureOf = (call: Promise<unknown>): Promise<{ kind: string | null; message: string } | null> =>
  call.then(
    () => null,
    (error: unknown) => ({ kind: kindOf(error), message: (error as Error).message }),
  )

async function write(port: Changing, desired: Json, target = 'split') {
  const seen = await port.observe(target, io())
  return await failureOf(port.write({ target, desired, seen }, io()))
}

describe('traffic/nginx and what `nginx -t` does not find', () => {
  it('refuses an upstream that NGINX does not have, before it touches the file', async () => {
    const port = open({ new: 'v9' })
    const words = 'NGINX has no upstream v9 and would answer 502; it has shadow, v1, v2, v2-cohort'
    expect(await write(port, { old: 90, new: 10 })).toEqual({
      kind: 'Rejected',
      message: `setting split to {"old":90,"new":10} in ${stand.edge.splitFile}: ${words}`,
    })
    expect(await failureOf(port.observe('split', io(), [{ old: 90, new: 10 }]))).toEqual({
      kind: 'Rejected',
      message: `sharing by ${stand.edge.splitFile}: ${words}`,
    })
    expect(read(stand.edge)).toBe(original)
  })

  it('refuses shares that NGINX does not take, and a block that gives some requests no name', async () => {
    expect(await write(open(), { old: 99.995, new: 0.005 })).toMatchObject({ kind: 'Rejected' })
    put(stand.edge, edited(original, '$orders_pool', ['10% v2;']))
    expect(await failureOf(open().observe('split', io()))).toEqual({
      kind: 'Config',
      message: `reading split from ${stand.edge.splitFile}: its last entry is not \`*\`: NGINX would give the rest of the requests no name`,
    })
    put(stand.edge, edited(original, '$orders_pool', ['10% v2;', '5% v3;', '* v1;']))
    expect(await failureOf(open().observe('split', io()))).toMatchObject({
      kind: 'Config',
      message: expect.stringContaining('it also sends to v3 (5%)'),
    })
  })

  it('tells a file that NGINX does not read, and one whose key the control location does not set', async () => {
    const other = join(dirname(stand.edge.configFile), 'unread.conf')
    writeFileSync(other, original.replace('Shares of', 'Other shares of'))
    expect(await write(open({ file: other }), { old: 90, new: 10 })).toMatchObject({
      kind: 'Config',
      message: expect.stringContaining(
        `NGINX does not read this file; its configuration needs \`include ${other};\``,
      ),
    })
    put(
      stand.edge,
      original.replace(
        '"$orders_key" $orders_pool {\n    * v1',
        '"$request_id" $orders_pool {\n    50% v2;\n    * v1',
      ),
    )
    await reload(stand.edge)
    expect(await failureOf(open().observe('split', io()))).toMatchObject({
      kind: 'Config',
      message: expect.stringContaining('the location must set the variable in "$request_id" to $arg_key'),
    })
  })

  it('says in the plan what users will feel', async () => {
    const seen = await open().observe('split', io(), [{ old: 90, new: 10 }])
    expect(seen.cautions).toEqual([
      'the split hashes $request_id: each request is drawn anew, and a user may change sides with every one',
    ])
    expect((await open().observe('split', io())).cautions).toBe(undefined)
  })

  it('says in the plan what leads to a side past the split', async () => {
    const location = (path: string, to: string) => `  location ${path} { proxy_pass ${to}; }`
    const { old, new: fresh } = configOf(stand.edge) as { old: string; new: string }
    const lines = [
      location('/admin', `http://${old}/x`),
      location('/beta', `http://${fresh}`),
      location('/else', 'http://127.0.0.1:9'),
    ]
    put(stand.edge, `${original}server {\n  listen 127.0.0.1:${await freePort()};\n${lines.join('\n')}\n}\n`)
    expect((await open().observe('split', io(), [{ old: 90, new: 10 }])).cautions).toEqual([
      expect.stringMatching(/^the split hashes/),
      `\`proxy_pass http://${old}/x\` leads to a side past the split: its users are not moved`,
      `\`proxy_pass http://${fresh}\` leads to a side past the split: its users are not moved`,
    ])
  })
})

describe('traffic/nginx and a configuration that is refused', () => {
  const broken = () => join(dirname(stand.edge.splitFile), 'broken.conf')

  it('touches nothing while NGINX would not take its files for another reason', async () => {
    const config = stand.edge.configFile
    renameSync(config, `${config}.good`)
    writeFileSync(config, 'events { }\nhttp { nonsense; }\n')
    try {
      expect(await write(open(), { old: 90, new: 10 })).toMatchObject({
        kind: 'Rejected',
        message: expect.stringMatching(
          /^checking the configuration with nginx-check: exit 1; .*unknown directive "nonsense"/,
        ),
      })
      expect(read(stand.edge)).toBe(original)
    } finally {
      renameSync(`${config}.good`, config)
    }
  })

  it('puts the file back when the reload fails, except on the way back', async () => {
    const path = join(stand.edge.commandFolder, stand.edge.reload)
    renameSync(path, `${path}.good`)
    writeFileSync(path, '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n', { mode: 0o755 })
    try {
      expect(await write(open(), { old: 90, new: 10 })).toEqual({
        kind: 'Denied',
        message: `setting split to {"old":90,"new":10} in ${stand.edge.splitFile}: the file was put back: reloading with nginx-reload: exit 1; sudo: a password is required`,
      })
      expect(read(stand.edge)).toBe(original)
      expect(readdirSync(dirname(stand.edge.splitFile))).toEqual(['orders.conf'])
      put(stand.edge, edited(original, '$orders_pool', ['10% v2;', '* v1;']))
      const seen = await open().observe('split', io())
      expect(seen).toMatchObject({
        value: { old: 100, new: 0 },
        elsewhere: [{ place: `file ${stand.edge.splitFile}`, value: { old: 90, new: 10 } }],
      })
      const back = { target: 'split', desired: { old: 100, new: 0 }, seen, before: { old: 100, new: 0 } }
      expect(await failureOf(open().write(back, io()))).toMatchObject({
        kind: 'Denied',
        message: expect.stringContaining('the file is left as it is to be'),
      })
      expect(read(stand.edge)).toBe(original)
    } finally {
      rmSync(path)
      renameSync(`${path}.good`, path)
      rmSync(broken(), { force: true })
    }
  })

  it('tries what a write needs without one', async () => {
    expect(await open().permits?.('split', io())).toBe(
      `${dirname(stand.edge.splitFile)} may be written, so the file can be replaced; nginx-check reads the configuration, nginx-reload is there and was not run`,
    )
    expect(await failureOf(open({ reload: ['absent'] }).permits!('split', io()))).toMatchObject({
      kind: 'Config',
    })
    const link = join(dirname(stand.edge.configFile), 'link.conf')
    symlinkSync(stand.edge.splitFile, link)
    expect(await failureOf(open({ file: link }).permits!('split', io()))).toMatchObject({ kind: 'Config' })
  })
})

describe('traffic/nginx and the order of the names', () => {
  it('lets nobody change sides who need not, whichever name comes first', async () => {
    put(stand.edge, edited(original, '$orders_pool', ['70% v1;', '* v2;']))
    await reload(stand.edge)
    const port = open()
    const before = await port.observe('split', io())
    expect(before.value).toEqual({ old: 70, new: 30 })
    expect(await write(port, { old: 0, new: 100 })).toBe(null)
    expect(await write(port, { old: 70, new: 30 })).toBe(null)
    expect(read(stand.edge)).toBe(edited(original, '$orders_pool', ['70% v1;', '* v2;']))
  })
})

describe('traffic/nginx and its proof', () => {
  it('counts what each upstream was given and what was copied, and takes nothing less for proven', async () => {
    const port = open()
    expect(await write(port, { percent: 20 }, 'mirror')).toBe(null)
    expect(await write(port, { old: 75, new: 25 })).toBe(null)
    const options = { samples: 600, tolerance: 10 }
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
    const other = await port.confirm!({ target: 'split', desired: { old: 50, new: 50 }, options }, io())
    expect(other).toMatchObject({
      settled: false,
      lines: [
        expect.stringMatching(/^NGINX serves \{"old":75,"new":25\}, not as desired/),
        expect.any(String),
      ],
    })
  })
})

describe('traffic/nginx and whom it asks', () => {
  const OTHERWISE = 52 // questions until a worker of two would have shown, where processes are not seen

  /** A port that counts its questions. */
  function counting(more: JsonObject = {}) {
    let questions = 0
    const fetch: typeof globalThis.fetch = (input, init) => {
      questions += 1
      return globalThis.fetch(input, init)
    }
    const port = connect(provider, configOf(stand.edge, more), { ...stand.deps, fetch })
    return async (target = 'split') => {
      questions = 0
      const { value, elsewhere, facts } = await port.observe(target, io())
      return { value, elsewhere, workers: facts?.['workers'], unheard: facts?.['unheard'], questions }
    }
  }

  it('hears every worker out once; those that live on are asked for no more than whether they are still there', async () => {
    const look = counting()
    const here = { value: { old: 100, new: 0 }, elsewhere: undefined, workers: 2, unheard: undefined }
    const first = await look()
    expect(first).toEqual({ ...here, questions: expect.any(Number) })
    expect(first.questions).toBeLessThan(OTHERWISE)
    expect(await look()).toEqual({ ...here, questions: 8 })
    expect((await look('mirror')).value).toEqual({ percent: 0 })
    expect(await look()).toEqual({ ...here, questions: 8 })
  })

  it('a reload that nobody has told it of is found by the next look: new workers have said nothing yet', async () => {
    const look = counting()
    await look()
    for (const share of [30, 0.01, 100]) {
      put(stand.edge, edited(original, '$orders_pool', linesOf({ old: 100 - share, new: share })[1]))
      await reload(stand.edge)
      const { value, workers, unheard } = await look()
      expect({ value, workers, unheard }).toEqual({
        value: { old: expect.closeTo(100 - share, 6), new: share },
        workers: 2,
        unheard: undefined,
      })
    }
  })

  it('another NGINX behind the same address is asked from the start, whatever was heard of the first', async () => {
    const way = await switchBefore(stand.edge)
    try {
      const look = counting({ control: way.url })
      await look()
      put(stand.edge, edited(original, '$orders_pool', ['30% v2;', '* v1;']))
      await reload(stand.edge)
      expect((await look()).value).toEqual({ old: 70, new: 30 })
      put(stand.edge, original)
      const other = await way.toAnother()
      put(stand.edge, edited(original, '$orders_pool', ['30% v2;', '* v1;']))
      const seen = await look()
      await other.end()
      expect(seen).toMatchObject({ value: { old: 100, new: 0 }, workers: 2 })
      expect(seen.elsewhere?.map(({ place }) => place)).toEqual([`file ${stand.edge.splitFile}`])
    } finally {
      way.end()
    }
  })
})
