// Do readings follow the simulated traffic, and is silence never taken for health?
import { describe, expect, it } from 'vitest'
import { simCapacity } from '../../../activities/capacity/sim/index.ts'
import { simMetrics } from '../../../activities/metrics/sim/index.ts'
import { simProbe } from '../../../activities/probe/sim/index.ts'
import { simTraffic } from '../../../activities/traffic/sim/index.ts'
import type { ProbeRequest } from '../../../workflows/ports/probe.ts'
import { io, openStage } from './clock.ts'

const app = (side: string, rest = '') => `http_requests_total{app="orders",side="${side}"${rest}}[10s]`
const ERRORS = `sum(rate(${app('new', ',status=~"5.."')})) / sum(rate(${app('new')}))`
const COMPLETED = `(sum(rate(${app('new', ',status=~"5.."')})) or 0 * sum(rate(${app('new')})))\n  / sum(rate(${app('new')}))`
const SAMPLES = `sum(increase(${app('new')}))`
const P95 = (side: string) =>
  `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{side="${side}"}[10s])))`

function stage() {
  const made = openStage()
  made.connect(simCapacity)
  made.connect(simTraffic, { old: 75, new: 25, rate: '100/s' })
  const metrics = made.connect(simMetrics, { new: { latency: '200ms', rate_per_instance: '50/s' } })
  made.pass(60_000)
  const value = async (query: string) => {
    const answer = await metrics.query(query, io())
    return answer.kind === 'value' ? answer.value : answer.why
  }
  return { ...made, metrics, value }
}

describe('simulated metrics', () => {
  it.each([
    ['requests(new)', 250],
    ['samples(old, 2s)', 150],
    ['rate(all)', 100],
    ['errors(new)', 25],
    ['error_ratio(new)', 0.1],
    ['error_ratio(old)', 0],
    ['latency_p95(new)', 0.2],
    ['latency_p50(new)', 0.1],
    ['saturation(new)', 0.25],
    [ERRORS, 0.1],
    [COMPLETED, 0.1],
    [SAMPLES, 250],
    [SAMPLES.replaceAll('10s', '5s'), 125],
    [P95('new'), 0.2],
    [P95('old'), 0.08],
    ['max(saturation_ratio{side="new"})', 0.25],
    [`sum(increase(${app('old')})) or vector(0)`, 750],
  ])('answers %s', async (query, expected) => {
    const { world, pass, value } = stage()
    world.set({ new: { errorRatio: 0.1 }, rps: { edge: 0 } })
    pass(60_000)
    world.set({ rps: { edge: 100 } })
    pass(10_000)
    expect(await value(query)).toBeCloseTo(expected, 9)
  })

  it.each([
    `1 - sum(rate(${app('new', ',status!~"5.."')})) / sum(rate(${app('new')}))`,
    `sum(rate(${app('new', ',status="200"')}))`,
    `sum(increase(${app('new')})) / sum(increase(${app('old')}))`,
    `${SAMPLES} > 5`,
    `${SAMPLES} * 2`,
    'sum(orders_paid_total{side="new"})',
    'error_ratio(blue)',
  ])('refuses to guess at %s', async (query) => {
    const { metrics } = stage()
    await expect(metrics.query(query, io())).rejects.toMatchObject({
      type: 'Rejected',
      message: expect.stringContaining('the simulated world cannot answer'),
    })
  })

  it('has no data of a side that nobody asked, where a quality is wanted', async () => {
    const { world, pass, value } = stage()
    world.stranger({ port: 'traffic', target: 'split', value: { old: 100, new: 0 }, by: 'mallory' })
    pass(11_000)
    const why = 'no request reached new in the last 10000 ms'
    expect(await value('error_ratio(new)')).toBe(why)
    expect(await value(P95('new'))).toBe(why)
    expect(await value(SAMPLES), 'a count of an instance that is up is a number').toBe(0)
  })

  it('has not even a count of a side without instances', async () => {
    const { world, pass, value } = stage()
    world.stranger({ port: 'traffic', target: 'split', value: { old: 0, new: 100 }, by: 'mallory' })
    world.stranger({ port: 'capacity', target: 'old', value: { count: 0 }, by: 'mallory' })
    pass(11_000)
    expect(await value('requests(old)')).toBe(
      'old has no instance that is ready, and no request reached old in the last 10000 ms',
    )
  })

  it('sees copies of the mirror at the side that gets them', async () => {
    const { world, pass, value } = stage()
    world.stranger({ port: 'traffic', target: 'split', value: { old: 100, new: 0 }, by: 'mallory' })
    world.stranger({ port: 'traffic', target: 'mirror', value: { percent: 20 }, by: 'mallory' })
    pass(10_000)
    expect(await value('requests(new)')).toBe(200)
  })

  it('forgets errors when they have left the window', async () => {
    const { world, pass, value } = stage()
    world.set({ new: { errorRatio: 0.4 } })
    pass(10_000)
    world.set({ new: { errorRatio: 0 } })
    pass(5_000)
    expect(await value('error_ratio(new)')).toBeCloseTo(0.2)
    pass(5_000)
    expect(await value('error_ratio(new)')).toBe(0)
  })

  it('strays by its noise, equally for equal seeds', async () => {
    const readings = []
    for (const seed of [1, 1, 2]) {
      const { pass, connect } = openStage()
      connect(simTraffic, { old: 50, new: 50 })
      const metrics = connect(simMetrics, { noise: '10%', seed })
      pass(20_000)
      const answer = await metrics.query('latency_p95(new)', io())
      readings.push(answer.kind === 'value' ? answer.value : Number.NaN)
    }
    expect(readings[0]).toBe(readings[1])
    expect(readings[0]).not.toBe(readings[2])
    for (const reading of readings) expect(Math.abs(reading - 0.08)).toBeLessThanOrEqual(0.008)
  })
})

describe('simulated probes', () => {
  const request: ProbeRequest = {
    name: 'deep readiness',
    method: 'GET',
    path: '/healthz/ready',
    expect: { status: 200, json: { 'checks.database': 'ok', service: 'orders' }, latency_max: '500ms' },
    deep: true,
  }

  it('finds a healthy side good, and says of every other what is wrong', async () => {
    const { world, connect } = openStage()
    connect(simCapacity)
    const probe = connect(simProbe, { side: 'new', body: { service: 'orders' } })
    expect(await probe.probe(request, io())).toMatchObject({
      good: true,
      status: 200,
      problems: [],
      shallow: null,
    })
    world.set({ new: { health: { status: 'ok', version: '2' }, latencyMs: 900 } })
    expect(await probe.probe(request, io())).toMatchObject({
      good: false,
      problems: [
        'latency: allowed 500ms, took 900 ms',
        'checks.database: expected "ok", not in the answer',
        expect.stringContaining('deep check asked for'),
      ],
    })
    world.stranger({ port: 'capacity', target: 'new', value: { count: 0 }, by: 'mallory' })
    expect(await probe.probe(request, io())).toMatchObject({
      good: false,
      status: null,
      problems: ['no answer: new has no instance that is ready'],
    })
  })
})
