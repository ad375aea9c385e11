// traffic/nginx leads a cohort by a map of the included file: told by a header, in the file and by every worker, in one reload, and
// nobody else's entries; a reload that is swallowed is found, also by a worker that has seen nothing before.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { applyTo } from '../../activities/change/look.ts'
import { kindOf } from '../../activities/failure.ts'
import { nginx } from '../../activities/traffic/nginx/index.ts'
import { type Nginx, startNginx } from '../../lab/servers/nginx.ts'
import { until } from '../../lab/until.ts'
import { type ChangingBench, changingContract, connect, io } from '../contract/changing.ts'
import { testDeps } from '../contract/deps.ts'
import { type CohortBench, asker, cohortContract } from '../contract/traffic/cohort.ts'
import { configOf, freezeAll, reload, reloadBy } from '../contract/traffic/nginx-bench.ts'
import { startUpstream } from '../contract/traffic/upstream.ts'

const provider = nginx as unknown as ChangingBench['provider']

const read = (edge: Nginx): string => readFileSync(edge.splitFile, 'utf8')
const OURS = /^.*\bv2-cohort;\n|^.*# before the reload.*\n/gm

/** As a person does: in an editor, and a reload. */
async function edit(edge: Nginx, users: string[]): Promise<void> {
  const lines = users.map((user) => `    "~^${user}$" v2-cohort;\n`).join('')
  const next = read(edge)
    .replaceAll(OURS, '')
    .replace(/(default \$orders_pool;\n)/, `$1${lines}`)
  const temporary = join(dirname(edge.splitFile), '.next')
  writeFileSync(temporary, next)
  renameSync(temporary, edge.splitFile)
  await reload(edge)
}

/** Further entries, behind those that are there. */
function put(edge: Nginx, lines: string): void {
  const text = read(edge)
  const closing = text.lastIndexOf('}')
  writeFileSync(`${edge.splitFile}.next`, `${text.slice(0, closing)}${lines}${text.slice(closing)}`)
  renameSync(`${edge.splitFile}.next`, edge.splitFile)
}

async function bench(): Promise<CohortBench & { edge: Nginx; before: string }> {
  const [old, fresh] = await Promise.all([startUpstream('old'), startUpstream('new')])
  const edge = await startNginx({ old: old.port, new: fresh.port, cohort: '$http_x_tenant' })
  const config = configOf(edge, { cohort: { variable: '$orders_to', to: 'v2-cohort' } })
  return {
    edge,
    before: read(edge),
    provider,
    config,
    deps: testDeps({ commandFolder: edge.commandFolder }),
    many: 500,
    ask: asker(edge.url, { header: 'x-tenant' }),
    neighbours: async () => read(edge).replaceAll(OURS, ''),
    stranger: (value) => edit(edge, (value as { users: string[] }).users),
    outage: () => freezeAll(edge),
    secrets: [],
    end: async () => {
      await edge.server.close()
      await Promise.all([old.end(), fresh.end()])
    },
  }
}

changingContract(
  'traffic/nginx cohort',
  async () => ({
    ...(await bench()),
    target: 'cohort',
    values: [{ users: ['acme', 'globex'] }, { users: ['initech'] }],
  }),
  ['missing target', 'credentials'],
)
cohortContract('traffic/nginx', bench)

describe('traffic/nginx cohort', () => {
  it('a way back whose reload is swallowed is told, by a worker that was started since as well; then all is as it was', async () => {
    const { edge, before, config, deps, end, ask } = await bench()
    const open = () => connect(provider, config, deps)
    const port = open()
    const first = await port.observe('cohort', io())
    await port.write({ target: 'cohort', desired: { users: ['acme'] }, seen: first }, io())
    await until('acme is led', async () => (await ask('acme')) === 'new')
    expect(read(edge)).not.toContain('before the reload')
    const lie = reloadBy(edge, 'exit 0')
    const seen = await port.observe('cohort', io())
    await port.write({ target: 'cohort', desired: { users: [] }, before: { users: [] }, seen }, io())
    expect(await ask('acme')).toBe('new')
    for (const each of [port, open()]) {
      const { value, elsewhere = [] } = await each.observe('cohort', io())
      expect(value).toEqual({ users: ['acme'] })
      expect(elsewhere).toEqual([{ place: `file ${edge.splitFile}`, value: { users: [] } }])
    }
    await lie.end()
    const again = open()
    const late = await again.observe('cohort', io())
    await again.write({ target: 'cohort', desired: { users: [] }, before: { users: [] }, seen: late }, io())
    await until('acme is led back', async () => (await ask('acme')) === 'old')
    await until('the file is as it was', async () => {
      await again.write(
        { target: 'cohort', desired: { users: [] }, seen: await again.observe('cohort', io()) },
        io(),
      )
      return read(edge) === before
    })
    await end()
  })

  it('a file without the map, and an upstream that is not there, are refused in words', async () => {
    const { config, deps, end } = await bench()
    const failing = async (cohort: object) => {
      const port = connect(provider, { ...config, cohort } as never, deps)
      const error = await port
        .observe('cohort', io(), [{ users: ['acme'] }])
        .catch((caught: unknown) => caught)
      return `${kindOf(error)}: ${(error as Error).message}`
    }
    expect(await failing({ variable: '$nothing' })).toMatch(
      /^Missing: .*no map for \$nothing; there is \$orders_to/,
    )
    expect(await failing({ variable: '$orders_to', to: 'nowhere' })).toMatch(
      /^Rejected: .*no upstream nowhere/,
    )
    await end()
  })

  it('what somebody else has written for more than one user is no member, and is there afterwards', async () => {
    const { edge, config, deps, end, ask } = await bench()
    const port = connect(provider, config, deps)
    const own = String.raw`    "~^acme-\d+$" v2-cohort;
    initech v2-cohort;
    "~^(ann|bob)$" v2-cohort;
    "~^a.c$" v2-cohort; # any sign between
    "~*^globex$" v2-cohort;
    '~^hooli\.com$' "v2-cohort";
`
    put(edge, own)
    await reload(edge)
    const before = read(edge)
    const theirs = ['acme-7', 'INITECH', 'bob', 'axc', 'GloBex', 'hooli.com']
    const asked = async () => await Promise.all([...theirs, 'umbrella', 'acme-x', 'HOOLI.com'].map(ask))
    const old = ['old', 'old']
    expect(await asked()).toEqual([...theirs.map(() => 'new'), 'old', ...old])
    const members = { users: ['hooli.com'] }
    expect(await port.observe('cohort', io())).toMatchObject({ value: members })
    for (const users of [['hooli.com', 'umbrella'], members.users]) {
      const { value: expected } = await port.observe('cohort', io())
      await applyTo(port, { target: 'cohort', desired: { users }, expected }, io())
      const isLed = users.includes('umbrella') ? 'new' : 'old'
      await expect.poll(asked).toEqual([...theirs.map(() => 'new'), isLed, ...old])
    }
    expect(read(edge)).toBe(before)
    await end()
  })

  it('a member of whom an entry of somebody else says something is refused, and led back where it is one already', async () => {
    const { edge, before, config, deps, end } = await bench()
    const port = connect(provider, config, deps)
    put(edge, '    Initech v3;\n')
    await reload(edge)
    for (const [user, entry] of [
      ['vip-1', '~^vip- p9'],
      ['initech', 'Initech v3'],
    ] as const) {
      const desired = { users: [user] }
      const words = `Rejected: leading a cohort by ${edge.splitFile}: the map says something of ${user} (${entry}) already`
      const said = await port.observe('cohort', io(), [desired]).catch((error: unknown) => error as Error)
      expect(`${kindOf(said)}: ${(said as Error).message}`).toBe(words)
      const seen = await port.observe('cohort', io())
      expect(await port.write({ target: 'cohort', desired, seen }, io()).catch(kindOf)).toBe('Rejected')
    }
    put(edge, '    "~^vip-1$" v2-cohort;\n')
    await reload(edge)
    const seen = await port.observe('cohort', io())
    expect(seen, 'workers go by the entry before ours').toMatchObject({
      value: { users: [] },
      elsewhere: [{ place: `file ${edge.splitFile}`, value: { users: ['vip-1'] } }],
    })
    await port.write({ target: 'cohort', desired: { users: [] }, before: { users: [] }, seen }, io())
    await until('nobody is led', async () => {
      const { value, elsewhere } = await port.observe('cohort', io())
      return JSON.stringify([value, elsewhere]) === '[{"users":[]},null]'
    })
    expect(read(edge).replaceAll(/^.*Initech.*\n/gm, '')).toBe(before)
    await end()
  })
})
