// traffic/argo-rollouts under the real controller: ways back that outlive a controller, aborts that are lost, strangers, what a plan
// refuses, and users led there and back under load with every share counted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { restoreTo } from '../../../activities/change/restore.ts'
import { kindOf } from '../../../activities/failure.ts'
import { imagesIn } from '../../../activities/traffic/argo-rollouts/rollout.ts'
import { type RolloutStep, imageOf, rolloutPath, stepsTo } from '../../../lab/servers/argo-rollouts.ts'
import { type Prometheus, startPrometheus } from '../../../lab/servers/prometheus.ts'
import { until } from '../../../lab/until.ts'
import type { JsonObject } from '../../../workflows/json.ts'
import type { Changing } from '../../../workflows/ports/target.ts'
import { connect, io } from '../../contract/changing.ts'
import { freeze } from '../../contract/frozen.ts'
import { NAMESPACE } from '../ground.ts'
import { pathOf } from './istio-bench.ts'
import {
  type RolloutGround,
  configOf,
  promoteAs,
  provider,
  putUp,
  rollout,
  setTemplate,
  startRolloutGround,
  update,
  weights,
} from './rollout-bench.ts'
import { thereAndBack } from './there-and-back.ts'

const BACK_MS = 30_000 // a controller that was killed starts anew, on busy cores
const START = { old: 100, new: 0 }
const QUARTER = { old: 75, new: 25 }

let ground: RolloutGround
let metrics: Prometheus
beforeAll(async () => {
  ground = await startRolloutGround()
  metrics = await startPrometheus({
    scrape: [{ job: 'proxy', targets: [new URL(ground.mesh.adminUrl).host], path: '/stats/prometheus' }],
  })
})
afterAll(async () => {
  await metrics?.server.close()
  await ground?.end()
})

const open = (name: string, more: JsonObject = {}): Changing =>
  connect(provider, configOf(name, more), ground.deps())

const to = (port: Changing, desired: JsonObject, expected: JsonObject) =>
  applyTo(port, { target: 'split', desired, expected }, io())

/** One try of a way back, as the engine makes it. */
const back = (port: Changing) =>
  restoreTo(
    port,
    {
      target: 'split',
      before: START,
      ours: [START, QUARTER],
      halves: [[START, QUARTER]],
      isUncertain: false,
      isRepeated: true,
      portName: 'traffic',
    },
    io(),
  )

const backAtLast = (port: Changing) =>
  until(
    'it is back',
    async () =>
      await back(port).then(
        () => true,
        () => false,
      ),
    BACK_MS,
  )

/** It is called Healthy a moment before its router has followed: both are waited for. */
async function healthyOn(name: string, version: number): Promise<void> {
  await until(
    `${name} is healthy`,
    async () => {
      const { spec, status } = await rollout(ground, name)
      const isCurrent = status?.stableRS === status?.currentPodHash && status?.phase === 'Healthy'
      const isAsked = isCurrent && imagesIn(spec.template)[0] === imageOf(name, version)
      return isAsked && (await weights(ground, name))[0] === 100
    },
    BACK_MS,
  )
  expect(await weights(ground, name)).toEqual([100, 0])
}

describe('the way back of a Rollout', () => {
  it('is an abort and the old template: it ends healthy, and nothing leads forward again', async () => {
    await putUp(ground, { name: 'reverted' })
    const port = open('reverted')
    expect(await to(port, QUARTER, START)).toMatchObject({ readBack: 'match' })
    expect(await weights(ground, 'reverted')).toEqual([75, 25])
    await backAtLast(port)
    await healthyOn('reverted', 1)
    expect((await rollout(ground, 'reverted')).status?.abort ?? false).toBe(false)
    const { kind, message } = await refused(to(port, QUARTER, START))
    expect(kind).toBe('Rejected')
    expect(message).toContain(
      'it is not on its way to the new version (registry.example/reverted:2): apply it',
    )
    await update(ground, 'reverted', 2)
    expect(await to(port, QUARTER, START)).toMatchObject({ readBack: 'match' })
  })

  it('keeps the template where it is declared elsewhere: aborted, and the same run can go forward from there', async () => {
    await putUp(ground, { name: 'kept' })
    const port = open('kept', { after_abort: 'keep' })
    await to(port, QUARTER, START)
    await backAtLast(port)
    const { status, spec } = await rollout(ground, 'kept')
    expect({ abort: status?.abort, image: imagesIn(spec.template)[0] }).toEqual({
      abort: true,
      image: imageOf('kept', 2),
    })
    expect(await to(port, QUARTER, START)).toMatchObject({ readBack: 'match' })
    expect(await weights(ground, 'kept')).toEqual([75, 25])
  })

  it('holds though the controller is killed after the abort was acknowledged', async () => {
    await putUp(ground, { name: 'killed' })
    const port = open('killed')
    await to(port, QUARTER, START)
    await freeze(ground.controller.pid) // for good: it is killed as it stands
    const { kind, message } = await refused(back(port))
    expect(kind, 'accepted, and not called done').toBe('Unavailable')
    expect(message).toContain('was written back')
    expect(await weights(ground, 'killed'), 'nobody has shifted anything').toEqual([75, 25])
    await ground.controller.kill()
    await ground.controller.start()
    await healthyOn('killed', 1)
    await backAtLast(port)
  })

  it('is sent again when an abort is lost, until the weight is really back', async () => {
    await putUp(ground, { name: 'lost' })
    const port = open('lost', { after_abort: 'keep' })
    await to(port, QUARTER, START)
    await freeze(ground.controller.pid) // for good: one that goes on may still have read the abort
    await refused(back(port))
    const path = `${rolloutPath(NAMESPACE, 'lost')}/status`
    await ground.kubernetes.patch(path, { status: { abort: null } })
    await ground.controller.kill()
    await ground.controller.start()
    expect(await weights(ground, 'lost'), 'the abort is lost').toEqual([75, 25])
    await backAtLast(port)
    expect(await weights(ground, 'lost')).toEqual([100, 0])
  })

  it('sends an abort that does not show again by itself, within the same write', async () => {
    await putUp(ground, { name: 'again' })
    const port = open('again', { after_abort: 'keep' })
    await to(port, QUARTER, START)
    const path = rolloutPath(NAMESPACE, 'again')
    const frozen = await freeze(ground.controller.pid)
    const writing = refused(back(port))
    await until('the abort stands', async () => (await rollout(ground, 'again')).status?.abort === true)
    await ground.kubernetes.patch(`${path}/status`, { status: { abort: null } })
    await until('it stands again', async () => (await rollout(ground, 'again')).status?.abort === true)
    await writing
    await frozen.end()
    await backAtLast(port)
  })

  it('is free 0.05 s after a weight was asked for as well, however far the controller has got', async () => {
    await putUp(ground, { name: 'early' })
    const port = open('early', { after_abort: 'keep' })
    for (let turn = 0; turn < 10; turn++) {
      const path = `${rolloutPath(NAMESPACE, 'early')}/status`
      await ground.kubernetes.patch(path, {
        status: { pauseConditions: null, controllerPause: false, abort: false, currentStepIndex: 2 },
      })
      await new Promise((resolve) => setTimeout(resolve, 50 * turn)) // another moment of its way each time
      await backAtLast(port)
      expect(await weights(ground, 'early')).toEqual([100, 0])
    }
  })
})

describe('strangers', () => {
  it('are met as conflicts: somebody promotes, or sets the weights of the VirtualService', async () => {
    await putUp(ground, { name: 'strangers' })
    const port = open('strangers')
    await promoteAs(ground, 'strangers', 50)
    expect(await refused(to(port, QUARTER, START))).toMatchObject({
      kind: 'Conflict',
      message: expect.stringContaining('found {"old":50,"new":50}'),
    })
    const frozen = await freeze(ground.controller.pid)
    try {
      await ground.kubernetes.patch(`${pathOf('strangers')}?fieldManager=kubectl-edit`, [
        { op: 'replace', path: '/spec/http/0/route/1/weight', value: 90 },
        { op: 'replace', path: '/spec/http/0/route/0/weight', value: 10 },
      ])
      const seen = await port.observe('split', io())
      expect(seen).toMatchObject({ value: { old: 10, new: 90 }, writer: 'kubectl-edit', writtenBy: 'person' })
      expect(seen.elsewhere?.map(({ place }) => place)).toContain('status of Rollout shop/strangers')
    } finally {
      await frozen.end()
    }
  })

  it('that bring yet another version are named: nobody is moved to it', async () => {
    await putUp(ground, { name: 'third' })
    const port = open('third')
    await setTemplate(ground, 'third', 3)
    await until('the controller has read it', async () => {
      const { status, metadata } = await rollout(ground, 'third')
      return status?.observedGeneration === String(metadata.generation) && status.phase === 'Paused'
    })
    const { kind, message } = await refused(to(port, QUARTER, START))
    expect(kind).toBe('Missing')
    expect(message).toContain('neither is `new` (registry.example/third:2)')
    expect(await weights(ground, 'third')).toEqual([100, 0])
  })
})

describe('a plan', () => {
  const plan = (name: string, ...shares: number[]) =>
    open(name).observe(
      'split',
      io(),
      shares.map((share) => ({ old: 100 - share, new: share })),
    )

  it.each<[string, RolloutStep[], string]>([
    [
      'timed',
      [{ pause: {} }, { setWeight: 25 }, { pause: { duration: '5m' } }],
      'its step 2 pauses for 5m: it would go on by itself',
    ],
    [
      'judged',
      [{ pause: {} }, { setWeight: 25 }, { analysis: { templates: [] } }, { pause: {} }],
      'its step 2 is `analysis`: it would judge beside the guards',
    ],
    ['headlong', [{ setWeight: 25 }, { setWeight: 50 }], 'none of its steps is `pause: {}`'],
  ])('refuses a Rollout whose steps are not the run´s: %s', async (name, steps, words) => {
    await putUp(ground, { name, steps, comesUp: false })
    const { kind, message } = await refused(plan(name, 25))
    expect(kind).toBe('Config')
    expect(message).toContain(words)
  })

  it('refuses shares that the Rollout has no step for, and all of the users where only a promotion would move them', async () => {
    await putUp(ground, { name: 'planned', steps: stepsTo(25, 50) })
    expect((await plan('planned', 25, 50, 0)).value).toEqual(START)
    expect(await refused(plan('planned', 10))).toMatchObject({
      kind: 'Rejected',
      message: expect.stringContaining(
        'it can stand at 0, 25, 50 % of users on the new version, not at 10 %',
      ),
    })
    expect(await refused(plan('planned', 25, 100))).toMatchObject({
      kind: 'Rejected',
      message: expect.stringContaining(
        'from which an abort does not lead back: add `setWeight: 100` and `pause: {}`',
      ),
    })
  })

  it('refuses a Rollout whose new version is not applied, and one that is promoted', async () => {
    await putUp(ground, { name: 'early-plan', isUpdated: false })
    expect((await refused(plan('early-plan', 25))).message).toContain(
      'apply it, so that it waits at its first pause',
    )
    await update(ground, 'early-plan', 2)
    await promoteAs(ground, 'early-plan', 100)
    const path = `${rolloutPath(NAMESPACE, 'early-plan')}/status`
    await ground.kubernetes.patch(path, { status: { promoteFull: true } })
    await healthyOn('early-plan', 2)
    expect((await plan('early-plan', 100)).value).toEqual({ old: 0, new: 100 })
    expect((await refused(plan('early-plan', 25))).message).toContain('no abort leads back from there')
  })
})

describe('users', () => {
  it('are led there and back, each share proven by counted requests, none failed', async () => {
    const config = configOf('users', { after_abort: 'keep' })
    Object.assign(config['counts'] as JsonObject, { from: { url: metrics.url } })
    const steps = stepsTo(10, 25, 50, 100)
    await putUp(ground, { name: 'users', hosts: ['*'], config, steps })
    const port = connect(provider, config, ground.deps())
    await until('the gateway serves it', async () => (await fetch(ground.mesh.edgeUrl)).ok)
    await thereAndBack(port, ground.mesh.edgeUrl)
  }, 240_000)
})

async function refused(call: Promise<unknown>): Promise<{ kind: string; message: string }> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (error === null) throw new Error('it was not refused')
  return { kind: String(kindOf(error)), message: (error as Error).message }
}
