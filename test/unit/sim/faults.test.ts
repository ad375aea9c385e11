// Does scripted trouble meet the calls it was written for, and do to the world what it says?
import { describe, expect, it } from 'vitest'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { applyTo } from '../../../activities/change/look.ts'
import { simMetrics } from '../../../activities/metrics/sim/index.ts'
import type { Fault } from '../../../activities/sim/fault.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import { RETRIED, type FailureKind } from '../../../workflows/failure.ts'
import { io, openStage } from './clock.ts'

const start = { old: 100, new: 0 }
const desired = { old: 75, new: 25 }

/** A world with one balancer whose first write meets the fault. */
function troubled(fault: Fault) {
  const stage = openStage()
  const port = stage.connect(simTraffic)
  const script = stage.world.script([{ when: { port: 'traffic', verb: 'write', call: 1 }, fault }])
  const split = async () => (await port.observe('split', io())).value
  const apply = () => applyTo(port, { target: 'split', desired, expected: start }, io())
  return { ...stage, port, script, split, apply }
}

describe('scripted faults', () => {
  it.each(Object.keys(RETRIED) as FailureKind[])('fails a call with %s and changes nothing', async (kind) => {
    const { apply, port, split, script } = troubled({ kind })
    const seen = await port.observe('split', io())
    const write = port.write({ target: 'split', desired, seen } as never, io())
    await expect(write).rejects.toMatchObject({ type: kind, nonRetryable: !RETRIED[kind] })
    expect(await split()).toEqual(start)
    expect(script.fired()).toBe(1)
    expect(await apply(), 'the second call is not the first').toMatchObject({ readBack: 'match' })
  })

  it('lands a write whose reply is lost', async () => {
    const { apply, split } = troubled({ lostReply: true })
    await expect(apply()).rejects.toMatchObject({ type: 'Unavailable' })
    expect(await split()).toEqual(desired)
  })

  it('lands a write after its caller was told that nobody knows', async () => {
    const { apply, split, pass, world } = troubled({ landsLate: 1_000 })
    await expect(apply()).rejects.toMatchObject({ type: 'Unavailable' })
    pass(999)
    expect(await split()).toEqual(start)
    pass(1)
    expect(await split()).toEqual(desired)
    expect(world.landed()).toMatchObject([{ by: 'cutover', value: desired }])
  })

  it('drops a late write when somebody wrote in between, unless it is blind', async () => {
    for (const [blind, end] of [
      [false, { old: 90, new: 10 }],
      [true, desired],
    ] as const) {
      const { apply, split, pass, world } = troubled({ landsLate: 1_000, blind })
      await expect(apply()).rejects.toMatchObject({ type: 'Unavailable' })
      world.stranger({ port: 'traffic', target: 'split', value: { old: 90, new: 10 }, by: 'argo-cd' })
      pass(5_000)
      expect(await split()).toEqual(end)
    }
  })

  it('accepts a write and changes nothing', async () => {
    const { apply, split, world } = troubled({ ignored: true })
    expect(await apply()).toMatchObject({ written: 'written', readBack: 'differs' })
    expect(await split()).toEqual(start)
    expect(world.landed()).toEqual([])
  })

  it('is looked at again when a race was lost, and goes through when nobody else had changed it', async () => {
    const { apply, split } = troubled({ kind: 'Conflict' })
    expect(await apply()).toMatchObject({ written: 'written', readBack: 'match' })
    expect(await split()).toEqual(desired)
  })

  it('lets somebody else write between the look and the write', async () => {
    const found = { old: 50, new: 50 }
    const { apply, split } = troubled({ foreign: found, by: 'argo-cd' })
    await expect(apply()).rejects.toMatchObject({
      type: 'Conflict',
      message: `split was changed by argo-cd: expected ${JSON.stringify(start)}, found ${JSON.stringify(found)}`,
      details: [{ found, writer: 'argo-cd' }],
    })
    expect(await split()).toEqual(found)
  })

  it('lets somebody else write just after the write', async () => {
    const { apply } = troubled({ foreign: { old: 50, new: 50 }, by: 'argo-cd', moment: 'after' })
    expect(await apply()).toMatchObject({ readBack: 'differs', observed: { writer: 'argo-cd' } })
  })

  it('ends a hang with the signal of its call, and the write has not happened', async () => {
    const { port, split, world } = troubled({ hang: 3_600_000 })
    const seen = await port.observe('split', io())
    const controller = new AbortController()
    const reason = new Error('the run was told to stop')
    const call = port.write({ target: 'split', desired, seen }, { signal: controller.signal })
    controller.abort(reason)
    await expect(call).rejects.toBe(reason)
    expect(await split()).toEqual(start)
    expect(world.calls({ verb: 'write' })).toMatchObject([{ outcome: 'aborted' }])
  })

  it('calls a deadline that passes in a hang Unavailable, and the write may have landed', async () => {
    const { port, split } = troubled({ lostReply: true, hang: 3_600_000 })
    const seen = await port.observe('split', io())
    const call = port.write({ target: 'split', desired, seen }, { signal: AbortSignal.timeout(5) })
    await expect(call).rejects.toMatchObject({
      type: 'Unavailable',
      message: 'write edge split: no answer before the deadline',
    })
    expect(await split()).toEqual(desired)
  })

  it('goes on after a hang that was shorter than the deadline', async () => {
    const { apply } = troubled({ hang: 1 })
    expect(await apply()).toMatchObject({ written: 'written', readBack: 'match' })
  })

  it('meets every call of a target, and no call of another', async () => {
    const { world, connect } = openStage()
    const port = connect(simCapacity)
    const when = { port: 'capacity', target: 'new', call: 'every' } as const
    const script = world.script([{ when, fault: { kind: 'Denied' } }])
    await expect(port.observe('new', io())).rejects.toMatchObject({ type: 'Denied' })
    await expect(port.observe('new', io())).rejects.toMatchObject({ type: 'Denied' })
    expect(await port.observe('old', io())).toMatchObject({ value: { count: 2 } })
    script.end()
    expect(await port.observe('new', io())).toMatchObject({ value: { count: 2 } })
  })

  it('does not count calls before its time', async () => {
    const { world, connect, pass } = openStage()
    const port = connect(simCapacity)
    world.script([{ when: { port: 'capacity', call: 1, after: 1_000 }, fault: { kind: 'Throttled' } }])
    await port.observe('new', io())
    pass(1_000)
    await expect(port.observe('new', io())).rejects.toMatchObject({ type: 'Throttled' })
  })

  it('takes one port away and leaves the others', async () => {
    const { world, connect } = openStage()
    const traffic = connect(simTraffic)
    const metrics = connect(simMetrics)
    const outage = world.outage('metrics')
    await expect(metrics.query('requests(old)', io())).rejects.toMatchObject({ type: 'Unavailable' })
    expect(await traffic.observe('split', io())).toMatchObject({ value: start })
    outage.end()
    expect(await metrics.query('requests(old)', io())).toMatchObject({ kind: 'value' })
  })

  it('refuses a script that could never happen', () => {
    const { world } = openStage()
    const observe = { port: 'traffic', verb: 'observe', call: 1 } as const
    expect(() => world.script([{ when: observe, fault: { ignored: true } }])).toThrow(
      'the fault {"ignored":true} is one of verb write, not observe',
    )
    const fault = { foreign: 1, by: 'mallory' }
    expect(() => world.script([{ when: { port: 'metrics', call: 1 }, fault }])).toThrow(
      'a foreign write at a call of metrics must name its target',
    )
  })
})
