// What a run and Flagger do to each other, step by step, with each of the two standing still, gone or overtaken at some point. Users
// are where the route says; Flagger is the real one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { flagger } from '../../../activities/traffic/flagger/index.ts'
import { PROMOTE } from '../../../activities/traffic/flagger/gates.ts'
import { matches } from '../../../workflows/json.ts'
import { type Split, splitAt } from '../../../workflows/ports/traffic.ts'
import { io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import {
  type FlaggerGround,
  canaryOf,
  configOf,
  deploy,
  editCanary,
  gatesOf,
  phaseOf,
  push,
  putCanary,
  routeWeightsOf,
  startFlaggerGround,
  tick,
  weigh,
  weightsOf,
} from './flagger-ground.ts'

const TICKS = 3 // of an interval each: time enough to do what is not allowed
const REACH_TICKS_MAX = 12
const CASE_MS_MAX = 180_000 // some analyses each, on busy cores

let ground: FlaggerGround
beforeAll(async () => {
  ground = await startFlaggerGround()
})
afterAll(() => ground?.end())

function portOf(name: string) {
  return flagger.connect(flagger.spec.config.parse(configOf(ground, name)), ground.deps())
}
const look = (name: string, wanted: number[] = []) => portOf(name).observe('split', io(), wanted.map(splitAt))
async function ask(name: string, share: number): Promise<void> {
  const seen = await look(name)
  await portOf(name).write({ target: 'split', desired: splitAt(share), seen }, io())
}
async function isAt(name: string, share: number): Promise<boolean> {
  const { value, elsewhere = [] } = await look(name)
  return [value, ...elsewhere.map((each) => each.value)].every((each) => matches(each, splitAt(share)))
}
async function reach(name: string, share: number): Promise<void> {
  for (let ticks = 0; ticks < REACH_TICKS_MAX && !(await isAt(name, share)); ticks++) await tick(ground, name)
  expect(await weightsOf(ground, name)).toEqual([100 - share, share])
  expect(await isAt(name, share)).toBe(true)
}
/** Flagger has had its chances, and users are where they were. */
async function staysAt(name: string, share: number): Promise<void> {
  for (let ticks = 0; ticks < TICKS; ticks++) {
    await tick(ground, name)
    expect(await weightsOf(ground, name)).toEqual([100 - share, share])
  }
}
const refusal = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: unknown) => `${kindOf(error)}: ${(error as Error).message}`,
  )
const back = (name: string, ours: Split[]) =>
  restoreTo(
    portOf(name),
    {
      target: 'split',
      before: splitAt(0),
      ours: [splitAt(0), ...ours],
      halves: [],
      isUncertain: false,
      isRepeated: false,
      portName: 'traffic',
    },
    io(),
  )

describe('forward', { timeout: CASE_MS_MAX }, () => {
  it('goes as far as it is asked to, holds there, and never promotes by itself', async () => {
    await putCanary(ground, 'forward')
    await deploy(ground, 'forward')
    await staysAt('forward', 0)
    expect((await canaryOf(ground, 'forward')).status?.phase).toBe('Waiting')
    for (const share of [10, 50, 100]) {
      await ask('forward', share)
      await reach('forward', share)
      await staysAt('forward', share)
    }
    const { status } = await canaryOf(ground, 'forward')
    expect(status?.phase).toMatch(/^(Progressing|WaitingPromotion)$/)
    expect(status?.lastPromotedSpec).not.toBe(status?.lastAppliedSpec)
  })

  it('is promoted when a person names the revision; then nothing leads back, and that is said', async () => {
    await putCanary(ground, 'promoted')
    await deploy(ground, 'promoted')
    await ask('promoted', 50)
    await reach('promoted', 50)
    await ask('promoted', 100)
    await reach('promoted', 100)
    const { status } = await canaryOf(ground, 'promoted')
    const annotations = { [PROMOTE]: status?.lastAppliedSpec }
    await editCanary(ground, 'promoted', { metadata: { annotations } })
    await phaseOf(ground, 'promoted', 'Succeeded')
    expect(await weightsOf(ground, 'promoted'), 'the primary is the new revision').toEqual([100, 0])
    expect(await isAt('promoted', 100)).toBe(true)
    expect(await refusal(back('promoted', [splitAt(100)]))).toMatch(
      /^Rejected: .*Flagger has promoted this revision: the old one is gone/,
    )
    // The next revision is another one: nothing was asked of it.
    await deploy(ground, 'promoted')
    expect(await isAt('promoted', 0)).toBe(true)
    await staysAt('promoted', 0)
  })

  it('stops where it is when another revision comes in between: that one nobody has asked for', async () => {
    await putCanary(ground, 'between')
    await deploy(ground, 'between')
    await ask('between', 50)
    await reach('between', 50)
    await push(ground, 'between')
    for (let ticks = 0; ticks < REACH_TICKS_MAX && (await weightsOf(ground, 'between'))[1] !== 0; ticks++)
      await tick(ground, 'between')
    await staysAt('between', 0)
    expect(await look('between')).toMatchObject({ value: splitAt(0) })
  })

  it('asks nothing of the next revision after a run has gone back', async () => {
    await putCanary(ground, 'again')
    await deploy(ground, 'again')
    await ask('again', 10)
    await reach('again', 10)
    await ask('again', 0)
    await reach('again', 0)
    expect((await canaryOf(ground, 'again')).status?.phase).toBe('Failed')
    expect(await refusal(ask('again', 10))).toMatch(/no revision to roll out \(phase Failed\)/)
    await deploy(ground, 'again')
    await staysAt('again', 0)
    await ask('again', 10)
    await reach('again', 10)
  })
})

describe('back', { timeout: CASE_MS_MAX }, () => {
  it('leads users back while Flagger is frozen, and is not done before Flagger has given the revision up', async () => {
    await putCanary(ground, 'frozen')
    await deploy(ground, 'frozen')
    await ask('frozen', 10)
    await reach('frozen', 10)
    const ice = await freeze(ground.flagger.pid)
    try {
      expect(await refusal(back('frozen', [splitAt(10)]))).toMatch(/^Unavailable: .*has not given up yet/)
      expect(await weightsOf(ground, 'frozen')).toEqual([100, 0])
      expect(await isAt('frozen', 0)).toBe(false)
    } finally {
      await ice.end()
    }
    await reach('frozen', 0)
    expect((await canaryOf(ground, 'frozen')).status?.phase).toBe('Failed')
    expect(await back('frozen', [splitAt(10)])).toMatchObject({ written: 'unchanged' })
  })

  it('leads users back from an order that Flagger has not begun with, and nobody follows it later', async () => {
    await putCanary(ground, 'early')
    await deploy(ground, 'early')
    await ask('early', 10)
    await back('early', [splitAt(10)])
    await staysAt('early', 0)
    await staysAt('early', 0)
    expect(await isAt('early', 0)).toBe(true)
  })

  it('puts back what somebody else has set while a revision was held, once a person has agreed', async () => {
    await putCanary(ground, 'foreign')
    await deploy(ground, 'foreign')
    await weigh(ground, 'foreign', [53, 47])
    expect(await refusal(back('foreign', [splitAt(10)]))).toMatch(
      /^Conflict: split was changed by kubectl-edit: found \{"old":53,"new":47\}/,
    )
    await ask('foreign', 0)
    await staysAt('foreign', 0)
  })
})

describe('somebody is gone', { timeout: CASE_MS_MAX }, () => {
  it('Flagger, in the middle of a step: when it is back it goes as far as was asked', async () => {
    await putCanary(ground, 'killed')
    await deploy(ground, 'killed')
    await ask('killed', 10)
    await reach('killed', 10)
    await ground.flagger.kill()
    await ask('killed', 50)
    expect(await isAt('killed', 50)).toBe(false)
    expect((await look('killed')).value, 'what was there before').toEqual(splitAt(10))
    await ground.flagger.start()
    await reach('killed', 50)
    await staysAt('killed', 50)
  })

  it('every worker: Flagger holds, back and forth; with the first that answers again it goes on', async () => {
    await putCanary(ground, 'unanswered')
    await deploy(ground, 'unanswered')
    await ground.gates.stop()
    await ask('unanswered', 10)
    await staysAt('unanswered', 0)
    await ground.gates.start()
    await reach('unanswered', 10)
    await ground.gates.stop()
    await ask('unanswered', 0)
    await staysAt('unanswered', 0)
    expect(await isAt('unanswered', 0), 'Flagger has not given it up').toBe(false)
    expect(await refusal(portOf('unanswered').permits!('split', io()))).toMatch(
      /^Unavailable: asking the gate/,
    )
    await ground.gates.start()
    await reach('unanswered', 0)
    expect((await canaryOf(ground, 'unanswered')).status?.phase).toBe('Failed')
  })
})

describe('the plan', { timeout: CASE_MS_MAX }, () => {
  it('takes a Canary that can be led, and says what was tried', async () => {
    await putCanary(ground, 'plan')
    expect(await refusal(look('plan', [10, 50])), 'nothing waits').toMatch(
      /^Rejected: Canary shop\/plan: Flagger has no revision to roll out \(phase Initialized\): deploy/,
    )
    await deploy(ground, 'plan')
    expect(await look('plan', [10, 50, 100])).toMatchObject({
      value: splitAt(0),
      facts: { phase: 'Waiting' },
    })
    expect(await portOf('plan').permits!('split', io())).toMatch(
      /get and patch canaries plan.*the gates at .* answer$/,
    )
    expect(await refusal(look('plan', [10, 25]))).toMatch(/no step at 25 %: from 10 % it goes to 50, 100 %/)
    await ask('plan', 10)
    await reach('plan', 10)
    expect(await refusal(look('plan', [50]))).toMatch(/a run has to begin at 0 %/)
  })

  it('refuses one whose gates are elsewhere, or that does not ask', async () => {
    const [rollout, increase, promotion] = gatesOf(ground, 'unfit')
    const webhooks = [{ ...rollout, url: 'http://127.0.0.1:9/other' }, increase!, promotion!]
    await putCanary(ground, 'unfit', { webhooks, analysis: { mirror: true } })
    const words = await refusal(look('unfit', [10]))
    expect(words).toMatch(/mirror: true: after mirroring it takes the first weight without asking/)
    expect(words).toMatch(/confirm-rollout\) asks http:\/\/127\.0\.0\.1:9\/other, not/)
    expect(words).toMatch(/no webhook of type rollback: add one/)
    expect((await look('unfit')).cautions?.join()).toMatch(/no webhook of type rollback/)
  })
})

describe('an HTTPRoute', { timeout: CASE_MS_MAX }, () => {
  it('is moved by Flagger as far as it is asked to, and led back at once, as a VirtualService is', async () => {
    const more = { mesh: 'gateway-api' }
    const service = { port: 8080, gatewayRefs: [{ name: 'edge' }] }
    await putCanary(ground, 'route', { more, spec: { provider: 'gatewayapi:v1', service } })
    await deploy(ground, 'route')
    const config = flagger.spec.config.parse(configOf(ground, 'route', more))
    const port = flagger.connect(config, ground.deps())
    const write = async (share: number) =>
      port.write({ target: 'split', desired: splitAt(share), seen: await port.observe('split', io()) }, io())
    await port.observe('split', io(), [splitAt(10), splitAt(50)])
    await write(10)
    for (let ticks = 0; ticks < REACH_TICKS_MAX && (await routeWeightsOf(ground, 'route'))[1] !== 10; ticks++)
      await tick(ground, 'route')
    for (let ticks = 0; ticks < TICKS; ticks++) {
      await tick(ground, 'route')
      expect(await routeWeightsOf(ground, 'route')).toEqual([90, 10])
    }
    const ice = await freeze(ground.flagger.pid)
    try {
      await write(0)
      expect(await routeWeightsOf(ground, 'route')).toEqual([100, 0])
    } finally {
      await ice.end()
    }
    await phaseOf(ground, 'route', 'Failed')
    expect(await port.observe('split', io())).toMatchObject({ value: splitAt(0) })
  })
})
