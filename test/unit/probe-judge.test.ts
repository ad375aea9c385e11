// What makes an answer a bad one: the parts that need no server.
import { describe, expect, it } from 'vitest'
import { judge } from '../../activities/probe/http/judge.ts'
import type { ProbeRequest } from '../../workflows/ports/probe.ts'

const ANSWER = { status: 200, location: null, latencyMs: 801, body: '{"checks":{"db.orders":{"ok":true}}}' }

function problems(expected: Partial<ProbeRequest['expect']>, answer = ANSWER): string[] {
  const request = {
    name: 'ready',
    method: 'GET',
    path: '/',
    expect: { status: 200, ...expected },
    deep: true,
  } as const
  return judge(request, answer).problems
}

describe('an answer', () => {
  it('is bad when it took longer than allowed, and not at the limit', () => {
    expect(problems({ latency_max: '800ms' })).toEqual(['latency: allowed 800ms, took 801 ms'])
    expect(problems({ latency_max: '800ms' }, { ...ANSWER, latencyMs: 800 })).toEqual([])
  })

  it('is looked into by dotted paths, also where a key holds a dot itself', () => {
    expect(problems({ json: { 'checks.db.orders.ok': true } })).toEqual([])
    expect(problems({ json: { 'checks.db.orders': { ok: false } } })).toEqual([
      'checks.db.orders: expected {"ok":false}, came {"ok":true}',
    ])
    expect(problems({ json: { 'constructor.name': 'Object' } })).toEqual([
      'constructor.name: expected "Object", not in the answer',
    ])
  })

  it('is quoted no longer than a line', () => {
    const [problem = ''] = problems(
      { contains: 'green' },
      { ...ANSWER, body: `{"a":"${'x'.repeat(5_000)}"}` },
    )
    expect(problem.length).toBeLessThan(200)
  })
})
