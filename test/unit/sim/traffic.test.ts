// Do simulated requests go where the weights say, and fail when a real user's would?
import { describe, expect, it } from 'vitest'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import { io, openStage } from './clock.ts'

const options = { samples: 100, tolerance: 1 }

describe('simulated traffic', () => {
  it('counts requests per side by the weights of their time', async () => {
    const { world, pass, connect } = openStage()
    const port = connect(simTraffic, { rate: '100/s' })
    pass(10_000)
    await applyTo(
      port,
      { target: 'split', desired: { old: 75, new: 25 }, expected: { old: 100, new: 0 } },
      io(),
    )
    pass(10_000)
    expect(world.totals()).toEqual({
      users: { requests: 2_000, failed: 0, lost: 0 },
      old: 1_750,
      new: 250,
    })
  })

  it('attributes single requests in the share of the weights', () => {
    const { world, connect } = openStage()
    connect(simTraffic, { old: 80, new: 20, mirror: '50%' })
    world.set({ new: { errorRatio: 1 } })
    const sampled = world.sample(1_000)
    const ofNew = sampled.filter((one) => one.side === 'new')
    expect(Math.abs(ofNew.length - 200)).toBeLessThanOrEqual(5)
    expect(ofNew.every((one) => one.failed)).toBe(true)
    expect(sampled.some((one) => one.side === 'old' && one.failed)).toBe(false)
    expect(Math.abs(sampled.filter((one) => one.mirrored).length - 500)).toBeLessThanOrEqual(5)
  })

  it('loses every request while no side has a weight', () => {
    const { world, pass, connect } = openStage()
    connect(simTraffic, { rate: '50/s' })
    world.stranger({ port: 'traffic', target: 'split', value: { old: 0, new: 0 }, by: 'mallory' })
    pass(2_000)
    expect(world.totals().users).toEqual({ requests: 100, failed: 100, lost: 100 })
    expect(world.sample(1)).toEqual([{ side: null, failed: true, mirrored: false, latencyMs: 0 }])
  })

  it('refuses to leave no side with a weight', async () => {
    const { connect } = openStage()
    const port = connect(simTraffic)
    const seen = await port.observe('split', io())
    await expect(
      port.write({ target: 'split', desired: { old: 0, new: 0 }, seen }, io()),
    ).rejects.toMatchObject({
      type: 'Rejected',
      message: 'split: refused to leave no side with a weight, every request would fail',
    })
  })

  it('fails what is sent to a side whose instances are still warming up', async () => {
    const { world, pass, connect } = openStage()
    connect(simTraffic, { old: 50, new: 50, rate: '100/s' })
    const capacity = connect(simCapacity, { old: 1, new: 0, warm_up: '5s' })
    await applyTo(capacity, { target: 'new', desired: { count: 2 }, expected: { count: 0 } }, io())
    pass(4_000)
    expect(world.totals().users.failed).toBe(200)
    expect(await capacity.observe('new', io())).toMatchObject({ value: { count: 2 }, facts: { ready: 0 } })
    pass(6_000)
    expect(world.totals().users, 'ready after five seconds, in the middle of the pause').toMatchObject({
      failed: 250,
    })
    expect(await capacity.observe('new', io())).toMatchObject({ facts: { ready: 2 } })
  })

  it('takes the newest instances away first, so that warm ones stay', async () => {
    const { pass, connect } = openStage()
    const port = connect(simCapacity, { new: 2, warm_up: '10s' })
    await applyTo(port, { target: 'new', desired: { count: 6 }, expected: { count: 2 } }, io())
    pass(1_000)
    await applyTo(port, { target: 'new', desired: { count: 3 }, expected: { count: 6 } }, io())
    expect(await port.observe('new', io())).toMatchObject({ value: { count: 3 }, facts: { ready: 2 } })
  })

  it('proves a split by what was counted since the first look', async () => {
    const { pass, connect } = openStage()
    const port = connect(simTraffic, { rate: '100/s' })
    pass(60_000)
    const desired = { old: 75, new: 25 }
    await applyTo(port, { target: 'split', desired, expected: { old: 100, new: 0 } }, io())
    const first = await port.confirm?.({ target: 'split', desired, options }, io())
    expect(first).toMatchObject({ settled: false })
    const again = { target: 'split', desired, options, ...(first?.memory && { memory: first.memory }) }
    pass(500)
    expect(await port.confirm?.(again, io()), '50 of 100 requests').toMatchObject({ settled: false })
    pass(500)
    expect(await port.confirm?.(again, io())).toMatchObject({ settled: true })
  })

  it('proves a mirror by the copies that were counted', async () => {
    const { pass, connect } = openStage()
    const port = connect(simTraffic, { rate: '100/s' })
    const desired = { percent: 20 }
    const first = await port.confirm?.({ target: 'mirror', desired, options }, io())
    pass(2_000)
    const again = { target: 'mirror', desired, options, ...(first?.memory && { memory: first.memory }) }
    expect(await port.confirm?.(again, io()), 'nothing is mirrored yet').toMatchObject({ settled: false })
    await applyTo(port, { target: 'mirror', desired, expected: { percent: 0 } }, io())
    const anew = await port.confirm?.({ target: 'mirror', desired, options }, io())
    pass(2_000)
    const then = { target: 'mirror', desired, options, ...(anew?.memory && { memory: anew.memory }) }
    expect(await port.confirm?.(then, io())).toMatchObject({ settled: true })
  })

  it('keeps two balancers of one world apart', async () => {
    const { world, connect } = openStage()
    const edge = connect(simTraffic, { balancer: 'edge' })
    connect(simTraffic, { balancer: 'inner', old: 60, new: 40 })
    await applyTo(
      edge,
      { target: 'split', desired: { old: 0, new: 100 }, expected: { old: 100, new: 0 } },
      io(),
    )
    expect(JSON.parse(world.snapshot())).toMatchObject({
      'traffic edge split': { old: 0, new: 100 },
      'traffic inner split': { old: 60, new: 40 },
    })
  })
})
