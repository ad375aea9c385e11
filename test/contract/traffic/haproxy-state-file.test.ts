// traffic/haproxy and state files as they are met on disks that were full, behind scripts and editors: what a reload will bring is what
// it does bring, and a write makes the file one that is read.
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { haproxy } from '../../../activities/traffic/haproxy/index.ts'
import type { Json } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { type ChangingBench, connect, io } from '../changing.ts'
import { testDeps } from '../deps.ts'
import { command } from './haproxy-server.ts'
import { type OwnHaproxy, startOwnHaproxy } from './own-haproxy.ts'

const provider = haproxy as unknown as ChangingBench['provider']

type Parts = { head: string; rows: string[] }
const file = ({ head, rows }: Parts): string => `1\n${head}\n${rows.map((row) => `${row}\n`).join('')}`
const field = (row: string, at: number, value: string): string =>
  row
    .split(' ')
    .map((each, index) => (index === at ? value : each))
    .join(' ')
const WEIGHT = 7
const CONFIGURED_WEIGHT = 8

/** What became of a file that holds 30 and 70. */
const CASES: [string, (parts: Parts) => string, Split][] = [
  ['as HAProxy says it', file, { old: 30, new: 70 }],
  ['without its last line end', (parts) => file(parts).slice(0, -1), { old: 100, new: 0 }],
  ['cut in a row', (parts) => file(parts).slice(0, -12), { old: 100, new: 0 }],
  [
    'with a row that was cut and ended',
    ({ head, rows: [one = '', ...more] }) =>
      file({ head, rows: [one.split(' ').slice(0, 19).join(' '), ...more] }),
    { old: 100, new: 0 },
  ],
  ['with Windows line ends', (parts) => file(parts).replaceAll('\n', '\r\n'), { old: 100, new: 0 }],
  ['behind an empty line', (parts) => `\n${file(parts)}`, { old: 100, new: 0 }],
  ['behind a byte order mark', (parts) => `\ufeff${file(parts)}`, { old: 100, new: 0 }],
  [
    'with a word of somebody',
    ({ head, rows }) => file({ head, rows: [...rows, 'saved'] }),
    { old: 100, new: 0 },
  ],
  [
    'with a line that is too long',
    ({ head, rows: [one = '', ...more] }) => file({ head, rows: [`${one} ${'x'.repeat(3_000)}`, ...more] }),
    { old: 100, new: 0 },
  ],
  ['without names of columns', ({ rows }) => `1\n${rows.join('\n')}\n`, { old: 30, new: 70 }],
  [
    'with more blanks',
    ({ head, rows }) => file({ head, rows: rows.map((row) => ` ${row.replaceAll(' ', '\t ')}`) }),
    { old: 30, new: 70 },
  ],
  [
    'with comments and empty lines',
    ({ head, rows }) => file({ head, rows: rows.flatMap((row) => ['', '# note', row]) }),
    { old: 30, new: 70 },
  ],
  [
    'with a server twice',
    ({ head, rows: [one = '', ...more] }) => file({ head, rows: [one, field(one, WEIGHT, '90'), ...more] }),
    { old: 30, new: 70 },
  ],
  [
    'with a weight that HAProxy does not take',
    ({ head, rows: [one = '', two = ''] }) =>
      file({ head, rows: [field(one, WEIGHT, '300'), field(two, WEIGHT, '100')] }),
    { old: 50, new: 50 },
  ],
  [
    'with a weight that is none',
    ({ head, rows: [one = '', two = ''] }) =>
      file({ head, rows: [field(one, WEIGHT, '-'), field(two, WEIGHT, '100')] }),
    { old: 50, new: 50 },
  ],
  [
    'from before a change of the configuration',
    ({ head, rows: [one = '', two = ''] }) =>
      file({ head, rows: [field(one, CONFIGURED_WEIGHT, '90'), field(two, WEIGHT, '100')] }),
    { old: 50, new: 50 },
  ],
]

describe('traffic/haproxy and a state file', () => {
  let edge: OwnHaproxy
  let port: Changing
  let parts: Parts

  beforeAll(async () => {
    edge = await startOwnHaproxy(
      `  server v1 127.0.0.1:1 weight 100
  server v2 127.0.0.1:2 weight 0`,
    )
    const config = { socket: edge.socket, backend: 'bk', old: 'v1', new: 'v2', state_file: edge.stateFile }
    port = connect(provider, config, testDeps())
    const [, head = '', one = '', two = ''] = (await command(edge.socket, 'show servers state bk')).split(
      '\n',
    )
    parts = { head, rows: [field(one, WEIGHT, '30'), field(two, WEIGHT, '70')] }
  })
  afterAll(() => edge.server.close())
  afterEach(async () => {
    writeFileSync(edge.stateFile, '')
    await edge.reload()
  })

  const inForce = async (): Promise<Json> => {
    const told = await command(edge.socket, 'get weight bk/v1; get weight bk/v2')
    const [old, fresh] = [...told.matchAll(/^(\d+) \(/gm)].map(([, weight]) => Number(weight))
    const all = (old ?? 0) + (fresh ?? 0)
    return { old: ((old ?? 0) / all) * 100, new: ((fresh ?? 0) / all) * 100 }
  }

  it.each(CASES)('%s: what a reload will bring is told', async (_, text, brings) => {
    writeFileSync(edge.stateFile, text(parts))
    const seen = await port.observe('split', io())
    const { old, new: fresh } = (seen.elsewhere?.[0]?.value ?? seen.value) as Split
    expect({ old, new: fresh }).toEqual(brings)
    await edge.reload()
    expect(await inForce(), 'and so it is').toEqual(brings)
  })

  it.each(CASES)('%s: a write makes it one that a reload reads', async (_, text) => {
    writeFileSync(edge.stateFile, text(parts))
    const { value: expected, elsewhere = [] } = await port.observe('split', io())
    const known = elsewhere.map(({ value }) => value)
    const desired = { old: 60, new: 40 }
    const applied = await applyTo(port, { target: 'split', desired, expected, known }, io())
    expect(applied).toMatchObject({ written: 'written', readBack: 'match' })
    await edge.reload()
    expect(await inForce(), readFileSync(edge.stateFile, 'utf8')).toEqual(desired)
  })

  it('says why HAProxy passes over a file', async () => {
    await command(edge.socket, 'set weight bk/v2 100')
    writeFileSync(edge.stateFile, file(parts).slice(0, -1))
    expect((await port.observe('split', io(), [])).cautions).toContain(
      `a reload would bring {"old":100,"new":0}: the state file ${edge.stateFile} is passed over by HAProxy: its last line has no end`,
    )
  })
})
