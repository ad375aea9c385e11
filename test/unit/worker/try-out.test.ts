// What is tried before a run is started: what cannot work fails with its kind and words, what merely is not so yet is a
// note, and nothing that may have an effect is done. On the simulated world.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { connector } from '../../../activities/connect.ts'
import { type World, openWorld } from '../../../activities/sim/world.ts'
import { specs } from '../../../activities/specs.ts'
import { tryOut } from '../../../activities/survey/try-out.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { PlannedConnection, PlannedGuard } from '../../../workflows/plan.ts'
import type { Finding } from '../../../workflows/ports/preflight.ts'
import type { ProbeRequest } from '../../../workflows/ports/probe.ts'
import type { Trial } from '../../../workflows/trial.ts'
import { nameOf, trialsOf } from '../../../workflows/trials.ts'
import { testDeps } from '../../contract/deps.ts'
import { RIGHT, planOf } from '../runbook/fixture.ts'
import { guardOf } from '../watch/subjects.ts'

const io = () => ({ signal: AbortSignal.timeout(4_000) })

function stage(secrets: Record<string, string> = {}) {
  const deps = testDeps({ secrets })
  const world: World = openWorld(`try-out-${randomUUID()}`)
  world.place({ balancers: { edge: { old: 100, new: 0 } } })
  const trying = {
    connector: connector(deps),
    secrets: deps.secrets,
    client: null as never,
    redact: (text: string) => text,
  }
  const connection = (provider: string, config: JsonObject = {}): PlannedConnection => {
    const spec = specs.find(({ id }) => id === provider)!
    const inWorld = provider.endsWith('/sim') ? { world: world.name } : {}
    const parsed = spec.config.parse({ ...config, ...inWorld }) as JsonObject
    return { name: provider, provider, port: spec.port, config: parsed, landsWithin: '0s', showsWithin: '0s' }
  }
  return { world, connection, trial: (trial: Trial) => tryOut(trial, trying, io()) }
}

describe('a guard', () => {
  const asked = (query: string, more: Partial<PlannedGuard> = {}) => {
    const { world, connection, trial } = stage()
    const guard = guardOf({ query, max: 1, ...more })
    return {
      world,
      tried: trial({ what: 'guard', connection: connection('metrics/sim'), guard, isProof: false }),
    }
  }

  test('that can be read says what it reads, asked on both sides where it compares, with its samples', async () => {
    const { world, tried } = asked('error_ratio($side)', {
      samples: 'samples($side, 10s)',
      compare: { to: 'old', increase_max: '10%' },
    })
    await tried
    expect(world.calls({ port: 'metrics' }).map(({ target }) => target)).toEqual([
      'error_ratio(new)',
      'error_ratio(old)',
      'samples(new, 10s)',
    ])
  })

  test('that has no data yet is a note, and one whose query cannot be answered fails with the words of the backend', async () => {
    expect((await asked('error_ratio($side)').tried).notes).toEqual([expect.stringMatching(/^unknown: /)])
    await expect(asked('nothing_of_the_kind').tried).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('cannot answer "nothing_of_the_kind"'),
    })
    await expect(asked('error_ratio(old)', { samples: 'wrong' }).tried).rejects.toMatchObject({
      type: 'Rejected',
    })
  })
})

describe('a journey', () => {
  const request = (name: string, method: ProbeRequest['method'] = 'GET', status = 200): ProbeRequest => ({
    name,
    method,
    path: '/',
    expect: { status },
    deep: false,
  })
  const asked = (requests: ProbeRequest[], isFirst = true) => {
    const { world, connection, trial } = stage()
    const tried = trial({
      what: 'journey',
      connection: connection('probe/sim', { side: 'old' }),
      step: 's01-check',
      requests,
      isFirst,
    })
    return { tried, calls: () => world.calls({ port: 'probe' }).map(({ target }) => target) }
  }

  test('is made as far as it has no effect, and it is said what was not', async () => {
    const { tried, calls } = asked([
      request('ready', 'GET', 200),
      request('order', 'POST'),
      request('look', 'GET'),
    ])
    expect((await tried).notes).toEqual(['not tried, it may have an effect: order, look'])
    expect(calls()).toEqual(['ready'])
  })

  test('that is not good stands in the way where nothing comes before it, and is a note where something does', async () => {
    await expect(asked([request('ready', 'GET', 418)]).tried).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringMatching(/^ready: /),
    })
    expect((await asked([request('ready', 'GET', 418)], false).tried).notes).toEqual([
      expect.stringMatching(/^not good now: ready: /),
    ])
  })
})

describe('secrets', () => {
  test('are all read, and all that cannot be are named, none by its content', async () => {
    const { connection, trial } = stage({ 'env:HOOK': 'hooksecret-71' })
    const hook = (config: JsonObject) =>
      trial({ what: 'secrets', connection: connection('notify/webhook', config) })
    expect(await hook({ url: 'http://127.0.0.1:1', secret: 'env:HOOK' })).toEqual({
      text: 'env:HOOK can be read',
      notes: [],
    })
    await expect(hook({ url: 'env:GONE', secret: 'env:LOST' })).rejects.toMatchObject({
      type: 'Config',
      message: 'secret env:GONE is not set; secret env:LOST is not set',
    })
  })
})

describe('a preflight', () => {
  const looked = async (finds: Finding[], { accepted = {}, isFirst = true } = {}) => {
    const { world, connection, trial } = stage()
    world.script([{ when: { port: 'preflight', verb: 'examine', call: 'every' }, fault: { finds } }])
    const demand = { instances: null, factor: null, drainMs: 0 }
    const of = { what: 'preflight', connection: connection('preflight/sim'), step: 's01' } as const
    return await trial({ ...of, demand, accepted, isFirst })
  }
  const words = { seen: 'no probe', why: 'requests come too early', todo: 'add one' }
  const refusing: Finding = { check: 'readiness', level: 'refuse', ...words }
  const said = 'readiness: no probe; requests come too early; add one'

  test('that finds something in the way fails, unless a step comes before it that may put it right', async () => {
    await expect(looked([refusing])).rejects.toMatchObject({ type: 'Rejected', message: said })
    expect((await looked([refusing], { isFirst: false })).notes).toEqual([`not fit now: ${said}`])
  })

  test('tells cautions, and what was accepted with the reason', async () => {
    const cautious: Finding = { ...refusing, level: 'caution' }
    expect((await looked([cautious])).notes).toEqual([`caution: ${said}`])
    expect((await looked([refusing], { accepted: { readiness: 'it is a batch' } })).notes).toEqual([
      `accepted (it is a batch): ${said}`,
    ])
    await expect(looked([refusing], { accepted: { liveness: 'why' } })).rejects.toMatchObject({
      type: 'Rejected',
    })
  })
})

describe('the list of what is tried', () => {
  test('follows from the plan: every guard, proof, lock, permission, secret and receiver', async () => {
    const names = trialsOf(await planOf(RIGHT)).map(nameOf)
    for (const name of [
      'secrets of zone',
      'lock of edge split',
      'permission to write edge split',
      'guard errors',
      'proof that old idle',
      'notices by ops',
    ])
      expect(names).toContain(name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('leaves out a connection that nothing uses', async () => {
    const text = RIGHT.replace(
      'connections:\n',
      'connections:\n  spare: { provider: metrics/prometheus, url: "http://spare" }\n',
    )
    expect(trialsOf(await planOf(text)).map(nameOf)).not.toContain('secrets of spare')
  })
})

describe('a record', () => {
  const owned = (beside: string, text: string) => {
    const { connection, trial } = stage()
    const records = {
      'api.example.com. A': { ttl: 60, values: ['192.0.2.1'] },
      [`${beside} TXT`]: { ttl: 60, values: [text] },
    }
    const dns = connection('dns/sim', { zone: 'example.com.', records })
    const target = 'api.example.com. A'
    return trial({ what: 'answers', connection: dns, target, step: 's01-repoint', resolvers: [] })
  }
  const TEXT = '"heritage=external-dns,external-dns/owner=prod,external-dns/resource=ingress/shop/orders"'

  test.each(['api.example.com.', 'a-api.example.com.'])(
    'that external-dns declares, by its TXT at %s, is a note that names it',
    async (beside) => {
      const { notes } = await owned(beside, TEXT)
      expect(notes).toEqual([
        expect.stringMatching(
          /^api\.example\.com\. A: external-dns declares it \(owner prod, from ingress\/shop\/orders\)/,
        ),
      ])
    },
  )

  test('beside which another text stands is nobody else’s', async () => {
    expect((await owned('api.example.com.', '"owner=orders"')).notes).toEqual([])
  })
})
