// Do simulated resolvers keep answers as long as real ones, and do users follow them?
import { describe, expect, it } from 'vitest'
import { applyTo } from '../../../activities/change/look.ts'
import { simDns } from '../../../activities/dns/sim/index.ts'
import { io, openStage } from './clock.ts'

const TARGET = 'shop.example.com. A'
const before = { ttl: 300, values: ['192.0.2.1'] }
const lowered = { ttl: 60, values: ['192.0.2.1'] }
const moved = { ttl: 60, values: ['192.0.2.2'] }

const config = {
  zone: 'example.com.',
  records: { [TARGET]: before },
  resolvers: { '198.51.100.9': { min_ttl: '600s' } },
  clients: [
    {
      record: TARGET,
      rate: '10/s',
      old: ['192.0.2.1'],
      new: ['192.0.2.2'],
      through: { '*': '75%', '198.51.100.9': '25%' },
    },
  ],
}

describe('simulated DNS', () => {
  it('answers from caches until the old TTL has run out', async () => {
    const { world, pass, connect } = openStage()
    const port = connect(simDns, config)
    pass(1_000_000) // three TTLs and a third of the fourth
    await applyTo(port, { target: TARGET, desired: lowered, expected: before }, io())
    expect(world.resolve('1.1.1.1', TARGET)).toEqual({ ttl: 200, values: ['192.0.2.1'] })
    const request = { target: TARGET, desired: lowered, options: { resolvers: ['1.1.1.1'] } }
    expect(await port.confirm?.(request, io())).toEqual({
      settled: false,
      lines: ['authoritative: 60 s 192.0.2.1', '1.1.1.1: 200 s 192.0.2.1, still waiting for 60 s 192.0.2.1'],
    })
    pass(200_000)
    expect(await port.confirm?.(request, io())).toEqual({
      settled: true,
      lines: ['authoritative: 60 s 192.0.2.1', '1.1.1.1: 60 s 192.0.2.1'],
    })
  })

  it('moves users when the caches of their resolvers run out, not when the record changes', async () => {
    const { world, pass, connect } = openStage()
    const port = connect(simDns, config)
    await applyTo(port, { target: TARGET, desired: moved, expected: before }, io())
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.1': 1 })
    pass(299_000)
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.1': 1 })
    pass(1_000)
    expect(world.arrivals(TARGET), 'one resolver keeps answers for ten minutes').toEqual({
      '192.0.2.1': 0.25,
      '192.0.2.2': 0.75,
    })
    pass(300_000)
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.2': 1 })
    expect(world.totals(), 'nobody was lost on the way').toMatchObject({
      users: { requests: 6_000, failed: 0, lost: 0 },
      old: 3_000 + 750,
      new: 2_250,
    })
  })

  it('leads users through an alias that takes the place of their address, and back', async () => {
    const { world, pass, connect } = openStage()
    const edge = 'edge.example.com. A'
    const port = connect(simDns, {
      ...config,
      resolvers: {},
      clients: config.clients.map((clients) => ({ ...clients, through: { '*': '100%' } })),
      records: { ...config.records, [edge]: { ttl: 900, values: ['192.0.2.2'] } },
    })
    const alias = 'shop.example.com. CNAME'
    const start = { ttl: 300, values: ['A 192.0.2.1'] }
    const desired = { ttl: 60, values: ['edge.example.com.'] }
    expect((await port.observe(alias, io())).value).toEqual(start)
    await applyTo(port, { target: alias, desired, expected: start }, io())
    expect(await port.observe(alias, io())).toMatchObject({ value: desired, facts: { chainTtl: 900 } })
    await expect(port.observe(TARGET, io())).rejects.toMatchObject({
      type: 'Missing',
      message: expect.stringContaining('shop.example.com. is a CNAME to edge.example.com.: name the CNAME'),
    })
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.1': 1 })
    pass(300_000)
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.2': 1 })
    await applyTo(port, { target: alias, desired: start, expected: desired }, io())
    pass(60_000)
    expect(world.arrivals(TARGET)).toEqual({ '192.0.2.1': 1 })
    const gone = await port.observe('none.example.com. A', io())
    expect(gone).toMatchObject({ value: { values: [] }, facts: { negativeTtl: 5 } })
  })

  it('moves users in the same moments whether it is looked at often or once a week', async () => {
    const totals = []
    for (const looks of [1, 700]) {
      const { world, pass, connect } = openStage()
      const port = connect(simDns, config)
      await applyTo(port, { target: TARGET, desired: moved, expected: before }, io())
      for (let look = 0; look < looks; look++) {
        pass(700_000 / looks)
        world.now()
      }
      totals.push(world.totals())
    }
    expect(totals[1]).toEqual(totals[0])
  })

  it('sends users nowhere while their name has no address', async () => {
    const { world, pass, connect } = openStage()
    connect(simDns, { ...config, records: { [TARGET]: { ttl: 0, values: ['192.0.2.1'] } } })
    world.stranger({ port: 'dns', target: TARGET, value: { ttl: 0, values: [] }, by: 'mallory' })
    pass(10_000)
    expect(world.totals().users, 'all but those whose resolver still has it').toEqual({
      requests: 100,
      failed: 75,
      lost: 75,
    })
  })

  it('does not let an answer without TTL be cached', async () => {
    const { world, connect } = openStage()
    const fleeting = { ttl: 0, values: ['192.0.2.1'] }
    const port = connect(simDns, { zone: 'example.com.', records: { [TARGET]: fleeting } })
    await applyTo(port, { target: TARGET, desired: moved, expected: fleeting }, io())
    expect(world.resolve('1.1.1.1', TARGET)).toEqual(moved)
  })

  it('gives an undo to an equal value a version of its own', async () => {
    const { connect } = openStage()
    const port = connect(simDns, config)
    const first = await port.observe(TARGET, io())
    await applyTo(port, { target: TARGET, desired: moved, expected: before }, io())
    await applyTo(port, { target: TARGET, desired: before, expected: moved }, io())
    const last = await port.observe(TARGET, io())
    expect(last.value).toEqual(first.value)
    expect(last.version).not.toBe(first.version)
    await expect(port.write({ target: TARGET, desired: lowered, seen: first }, io())).rejects.toMatchObject({
      type: 'Conflict',
      message: `${TARGET} was changed by cutover since it was looked at: found ${JSON.stringify(before)}`,
    })
  })
})
