// What a simulated backend says that is not so: does the world do what the script says, and does its snapshot know?
import { describe, expect, it } from 'vitest'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { simDns } from '../../../activities/dns/sim/index.ts'
import type { Fault } from '../../../activities/sim/fault.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import type { Split } from '../../../workflows/ports/traffic.ts'
import { io, openStage } from './clock.ts'

const start = { old: 100, new: 0 }
const desired = { old: 75, new: 25 }
const RECORD = 'api.example.com. A'
const zone = { zone: 'example.com', records: { [RECORD]: { ttl: 300, values: ['192.0.2.1'] } } }

/** A world with one balancer of which some calls of one verb meet the fault. */
function troubled(fault: Fault, { call = 1, verb = 'write' as 'write' | 'observe' } = {}) {
  const stage = openStage()
  const port = stage.connect(simTraffic)
  const before = stage.world.snapshot()
  const script = stage.world.script([{ when: { port: 'traffic', verb, call }, fault }])
  const look = () => port.observe('split', io())
  const write = async (value: Split) =>
    await port.write({ target: 'split', desired: value, seen: { value: (await look()).value } }, io())
  return { ...stage, port, before, script, look, write }
}

describe('a write that is accepted and shows late', () => {
  it('is shown to looks and users alike after its time, and is an order until then', async () => {
    const { world, write, look, pass, before } = troubled({ showsLate: 1_000 })
    await write(desired)
    pass(999)
    expect((await look()).value).toEqual(start)
    expect(world.totals().new).toBe(0)
    expect(world.snapshot(), 'a world with an order is not the one before').not.toBe(before)
    pass(1)
    expect((await look()).value).toEqual(desired)
    pass(10_000)
    expect(world.totals().new).toBe(250)
  })

  it('is followed by what was written after it, whoever wrote: the last one wins', async () => {
    const { world, write, look, pass, before } = troubled({ showsLate: 1_000 })
    await write(desired)
    await write(start)
    pass(1_000)
    expect((await look()).value).toEqual(start)
    expect(world.snapshot()).toBe(before)
    expect(world.landed().map(({ value }) => value)).toEqual([desired, start])
  })

  it('is no order any more once it would change nothing', async () => {
    const { world, write, before } = troubled({ showsLate: 1_000 })
    await write(start)
    expect(world.snapshot()).toBe(before)
  })
})

describe('a write that is done in part', () => {
  it('changes the weight of one side only', async () => {
    const { write, look } = troubled({ half: 'new' })
    await write(desired)
    expect((await look()).value).toEqual({ old: 100, new: 25 })
  })

  it('changes the TTL of a record only', async () => {
    const { world, connect } = openStage()
    const port = connect(simDns, zone)
    world.script([{ when: { port: 'dns', verb: 'write', call: 1 }, fault: { half: 'ttl' } }])
    const seen = await port.observe(RECORD, io())
    await port.write({ target: RECORD, desired: { ttl: 60, values: ['192.0.2.2'] }, seen }, io())
    expect((await port.observe(RECORD, io())).value).toEqual({ ttl: 60, values: ['192.0.2.1'] })
  })

  it.each([
    ['capacity', 'new'],
    ['traffic', 'mirror'],
  ] as const)('is refused for %s %s, which is one number', (port, target) => {
    const { world } = openStage()
    const when = { port, target, verb: 'write', call: 1 } as const
    expect(() => world.script([{ when, fault: { half: 'count' } }])).toThrow('it has no parts')
  })
})

describe('a reader that is frozen', () => {
  it('answers what was there, while users are where the write led them', async () => {
    const { write, look, pass, world } = troubled({ frozen: 1_000 })
    await write(desired)
    pass(999)
    expect((await look()).value).toEqual(start)
    expect(world.totals().new).toBeGreaterThan(0)
    pass(1)
    expect((await look()).value).toEqual(desired)
  })

  it('answers the truth again when its script ends', async () => {
    const { write, look, pass, script } = troubled({ frozen: 'until lifted' })
    await write(desired)
    pass(3_600_000)
    expect((await look()).value).toEqual(start)
    script.end()
    expect((await look()).value).toEqual(desired)
  })

  it('can be had at a look, too, and at no other verb', async () => {
    const { look, world, pass } = troubled({ frozen: 1_000 }, { verb: 'observe' })
    await look()
    world.stranger({ port: 'traffic', target: 'split', value: desired, by: 'raj' })
    expect((await look()).value).toEqual(start)
    pass(1_000)
    expect((await look()).value).toEqual(desired)
    const when = { port: 'traffic', verb: 'confirm', call: 1 } as const
    expect(() => world.script([{ when, fault: { frozen: 1 } }])).toThrow('at an observe or write')
  })
})

describe('another place of a target', () => {
  it('keeps what it holds, is named by looks, and is healed by the next write', async () => {
    const { write, look, world, before } = troubled({ elsewhere: 'keeps', place: 'state file' })
    await write(desired)
    expect(await look()).toMatchObject({
      value: desired,
      elsewhere: [{ place: 'state file', value: start }],
    })
    await write(desired)
    expect((await look()).elsewhere).toBeUndefined()
    await write(start)
    expect(world.snapshot()).toBe(before)
  })

  it('alone gets a write that the caller is told was refused: the world is not the one before', async () => {
    const { write, look, world, before } = troubled({ elsewhere: 'gets', kind: 'Rejected' })
    await expect(write(desired)).rejects.toMatchObject({ type: 'Rejected' })
    expect(await look()).toMatchObject({ value: start, elsewhere: [{ place: 'a file', value: desired }] })
    expect(world.snapshot()).not.toBe(before)
    await write(start)
    expect(world.snapshot(), 'a write of the old value reaches it').toBe(before)
  })

  it('follows late', async () => {
    const { write, look, pass } = troubled({ elsewhere: 'keeps', followsAfter: 1_000 })
    await write(desired)
    expect((await look()).elsewhere).toHaveLength(1)
    pass(1_000)
    expect(await look()).toMatchObject({ value: desired })
    expect((await look()).elsewhere).toBeUndefined()
  })

  it('is a name server that still answers the old value: its record is not settled', async () => {
    const { world, connect } = openStage()
    const port = connect(simDns, zone)
    const fault = { elsewhere: 'keeps', place: '192.0.2.54' } as const
    world.script([{ when: { port: 'dns', verb: 'write', call: 1 }, fault }])
    const wanted = { ttl: 300, values: ['192.0.2.2'] }
    await port.write({ target: RECORD, desired: wanted, seen: await port.observe(RECORD, io()) }, io())
    const answer = await port.confirm?.({ target: RECORD, desired: wanted, options: { resolvers: [] } }, io())
    expect(answer).toMatchObject({ settled: false })
    expect(answer?.lines[1]).toContain('192.0.2.54')
  })
})

it('says of a writer whether it is a person or a machine, where the world knows', async () => {
  const { world, connect } = openStage()
  const port = connect(simCapacity)
  const write = { port: 'capacity', target: 'new', value: { count: 9 } } as const
  world.stranger({ ...write, by: 'hpa', as: 'machine' })
  expect(await port.observe('new', io())).toMatchObject({ writer: 'hpa', writtenBy: 'machine' })
  world.stranger({ ...write, value: { count: 8 }, by: 'raj' })
  expect((await port.observe('new', io())).writtenBy).toBeUndefined()
})
