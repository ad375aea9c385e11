// traffic/gateway-api with inputs of public bug reports: entries in a status that are nobody's word, controllers that quarrel over it,
// backends that may not be used, and an API server that changes what it is told.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { shownBy } from '../../../activities/change/shown.ts'
import { kindOf } from '../../../activities/failure.ts'
import { type Folder, createFolder } from '../../../lab/folder.ts'
import { until } from '../../../lab/until.ts'
import type { Json, JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { type Ground, startGround } from '../ground.ts'
import { startWebhook } from '../webhook.ts'
import { ORDERS, type Route, configOf, pathOf, provider, putRoute, ref } from './gateway-bench.ts'

let ground: Ground
let folder: Folder
beforeAll(async () => {
  folder = createFolder('gateway-reports')
  ground = await startGround(['gateway-api'])
})
afterAll(async () => {
  await ground?.kubernetes.server.close()
  folder?.remove()
})

const NEW = 'new.example/gateway'
const GONE = 'gone.example/gateway'
const portOf = (name: string, more: JsonObject = {}): Changing =>
  connect(provider, configOf(name, more), ground.deps())
const routeOf = async (name: string) => (await ground.kubernetes.get(pathOf(name))) as Route
const weightsOf = async (name: string): Promise<unknown> =>
  (await routeOf(name)).spec.rules[0]?.backendRefs.map(({ weight }) => weight)
const failing = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const condition = (type: string, observedGeneration: number, more: object = {}): object => ({
  type,
  status: 'True',
  reason: type.split('/').at(-1),
  message: '',
  observedGeneration,
  lastTransitionTime: new Date().toISOString(),
  ...more,
})
const entry = (controllerName: string, conditions: object[], parent = 'edge'): object => ({
  parentRef: { name: parent },
  controllerName,
  conditions,
})
const read = (generation: number): object[] => [
  condition('Accepted', generation),
  condition('ResolvedRefs', generation),
]
/** As controllers say it, all at once. */
const say = (name: string, parents: object[]) =>
  ground.kubernetes.patch(`${pathOf(name)}/status?fieldManager=gateway`, { status: { parents } })
const put = (name: string) => putRoute(ground, { name, rules: structuredClone(ORDERS) })
const request = (before: Json, more: Json[]) => ({
  target: 'split',
  before,
  ours: [before, ...more],
  halves: [],
  isUncertain: false,
  isRepeated: false,
  portName: 'traffic' as const,
})

describe('an entry in the status of a route', () => {
  it("of a controller that is gone stops a run in the plan, which says what to do; then it is nobody's word", async () => {
    await put('stale')
    await ground.kubernetes.patch(pathOf('stale'), { spec: { hostnames: ['stale.example'] } })
    await say('stale', [entry(NEW, read(2)), entry(GONE, read(1)), entry(NEW, read(2), 'inside')])
    const wanted = [{ old: 75, new: 25 }]
    const seen = await portOf('stale').observe('split', io(), wanted)
    const words =
      'gone.example/gateway of Gateway edge has read generation 1 of 2, while another controller of it has read the present one: if it is gone, take its entry out of status.parents (kubectl edit httproute stale -n shop --subresource=status) or name those that serve users in controllers'
    expect(seen.elsewhere).toEqual([
      {
        place: `HTTPRoute shop/stale: ${words}; what that one held is not known`,
        value: null,
        isUntold: true,
      },
    ])
    expect(seen.cautions).toContain(words)

    const told = portOf('stale', { controllers: [NEW] })
    const { elsewhere, cautions = [], value } = await told.observe('split', io(), wanted)
    expect([elsewhere, cautions]).toEqual([undefined, []])
    const applying = applyTo(told, { target: 'split', desired: { old: 75, new: 25 }, expected: value }, io())
    const following = followed('stale', (generation) => [
      entry(NEW, read(generation)),
      entry(GONE, read(1)),
      entry(NEW, read(generation), 'inside'),
    ])
    expect(await applying).toMatchObject({ readBack: 'match' })
    await following.end()
    await say('stale', [entry(NEW, read(3)), entry(NEW, read(3), 'inside')])
    expect((await portOf('stale').observe('split', io())).elsewhere, 'the entry taken out').toBe(undefined)
  })

  it('of a parent that the route names no more, or of policies, is not waited for', async () => {
    await put('others')
    await ground.kubernetes.patch(pathOf('others'), { spec: { hostnames: ['others.example'] } })
    await say('others', [
      entry(NEW, read(2)),
      entry(NEW, read(2), 'inside'),
      entry(NEW, read(1), 'past'),
      entry('kuadrant.io/policy-controller', [condition('kuadrant.io/RateLimitPolicyAffected', 1)]),
    ])
    const { elsewhere, cautions } = await portOf('others').observe('split', io(), [])
    expect([elsewhere, cautions]).toEqual([undefined, undefined])
  })
})

describe('a route', () => {
  it('whose status two controllers quarrel over all the time is brought back all the same', async () => {
    await put('quarrel')
    const port = portOf('quarrel')
    const before = (await port.observe('split', io())).value
    const desired = { old: 0, new: 100 }
    await applyTo(port, { target: 'split', desired, expected: before }, io())
    const quarrel = await quarrelling('quarrel')
    try {
      expect(await failing(restoreTo(port, request(before, [desired]), io()))).toBe('done')
    } finally {
      console.log(`${await quarrel.end()} writes of its status meanwhile`)
    }
    expect(await weightsOf('quarrel')).toEqual([100, 0])
  })

  it('with backends of one name in two namespaces is refused in the plan, in words that help', async () => {
    const same = [ref('v1', 1), { ...ref('v1', 0), namespace: 'next' }]
    await putRoute(ground, { name: 'twice', rules: [{ backendRefs: same }] })
    const refused =
      'Config: HTTPRoute shop/twice: rule 0 has several backendRefs v1 (v1:8080, next/v1:8080): two of one name and port cannot be told apart: give one of them a Service of another name'
    expect(await failing(portOf('twice', { rules: [0] }).observe('split', io()))).toBe(refused)
  })

  it("that a webhook changes after our write is not as desired, and told as somebody else's", async () => {
    await put('capped')
    const port = portOf('capped')
    const expected = (await port.observe('split', io())).value
    const webhook = await startWebhook(ground.kubernetes, folder.path, {
      group: 'gateway.networking.k8s.io',
      resource: 'httproutes',
      change: ({ metadata: { name } }) =>
        name === 'capped'
          ? [90, 10].map((value, at) => ({
              op: 'add',
              path: `/spec/rules/0/backendRefs/${at}/weight`,
              value,
            }))
          : [],
    })
    const desired = { old: 75, new: 25 }
    try {
      await until('the API server asks the webhook', async () => {
        const trial = [{ op: 'add', path: '/metadata/labels', value: { trial: 'true' } }]
        await ground.kubernetes.patch(`${pathOf('capped')}?dryRun=All`, trial)
        const { readBack, observed } = await applyTo(
          port,
          { target: 'split', desired, expected },
          io(),
        ).catch(() => ({ readBack: 'match', observed: null }))
        return readBack === 'differs' && JSON.stringify(observed?.value) === '{"old":90,"new":10}'
      })
      const shown = shownBy(port, { target: 'split', desired, expected, portName: 'traffic' }, io())
      expect(await failing(shown)).toMatch(
        /^Conflict: split was changed by someone else: expected \{"old":75,"new":25\}, found \{"old":90,"new":10\}/,
      )
    } finally {
      await webhook.end()
    }
  })

  it('gets no share where its controller refuses a backend of ours, or says not which; one of others is no reason', async () => {
    await put('refs')
    const port = portOf('refs')
    const { generation } = (await routeOf('refs')).metadata
    const refusing = async (message: string) => {
      const refused = condition('ResolvedRefs', generation, {
        status: 'False',
        reason: 'RefNotPermitted',
        message,
      })
      await say('refs', [entry(NEW, [condition('Accepted', generation), refused])])
      const seen = await port.observe('split', io())
      return await failing(port.write({ target: 'split', desired: { old: 95, new: 5 }, seen }, io()))
    }
    for (const message of [
      'backendRef next/v2 not accessible to a route in namespace "shop" (missing a ReferenceGrant?)',
      'backend(v2.next.svc.cluster.local) not found',
      'a backend could not be resolved',
    ])
      expect(await refusing(message)).toMatch(
        /^Rejected: .*RefNotPermitted.*its share would be answered 500$/,
      )
    expect(await refusing('Service shop/health of v1-health: not found')).toBe('done')
  })
})

/** A controller that follows. */
function followed(name: string, entries: (generation: number) => object[]): { end(): Promise<void> } {
  const over = new AbortController()
  const working = (async () => {
    while (!over.signal.aborted) {
      const { generation } = (await routeOf(name)).metadata
      await say(name, entries(generation))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    end: async () => {
      over.abort()
      await working
    },
  }
}

/** Each takes the other's entry for its own, as fast as it can. */
async function quarrelling(name: string): Promise<{ end(): Promise<number> }> {
  const over = new AbortController()
  let writes = 0
  const working = [1, 2, 3, 4].map(async (each) => {
    while (!over.signal.aborted) {
      const conditions = [condition('Accepted', 0, { message: `${each} ${writes++}` })]
      await say(name, [entry(each % 2 === 0 ? NEW : GONE, conditions)])
    }
  })
  await until('they quarrel', () => writes > 20)
  return {
    end: async () => {
      over.abort()
      await Promise.all(working)
      return writes
    },
  }
}
