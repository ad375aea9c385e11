// The line log of watch: each thing once, in pipes and CI logs.
import { describe, expect, it } from 'vitest'
import { lineLog } from '../../../client/output/line-log.ts'
import { runView } from '../../../view/run-view.ts'
import type { RunState } from '../../../workflows/run/state.ts'
import { NOW, START, described, gate, plan, state } from './fixtures.ts'

const viewOf = (over: Partial<RunState> = {}) => runView({ state: state(over), plan }, described)
const line = (number: number) => ({ at: START + number, text: `line ${number}` })

describe('the line log', () => {
  it('says nothing when nothing happened', () => {
    const log = lineLog()
    expect(log(viewOf()).length).toBeGreaterThan(0)
    expect(log(viewOf())).toEqual([])
  })

  it('says only what is new, also when the log has lost its beginning', () => {
    const log = lineLog()
    log(viewOf({ log: [line(1), line(2)] }))
    expect(log(viewOf({ log: [line(2), line(3), line(4)] })).map((text) => text.slice(25))).toEqual([
      'line 3',
      'line 4',
    ])
  })

  it('tells what does not show yet once, and again when it lacks something else, not when a count has grown', () => {
    const log = lineLog()
    const proof = (text: string) => ({ ...viewOf(), proofs: [{ attempt: 2, text, nextAt: null }] })
    const said = (text: string) => log(proof(text)).map((told) => told.slice(25))
    log(viewOf())
    expect(said('gitops is asked to compare')).toEqual(['not to be seen yet: gitops is asked to compare'])
    expect(said('new 4.9 % of 529 requests')).toEqual(['not to be seen yet: new 4.9 % of 529 requests'])
    expect(said('new 5 % of 1,600 requests')).toEqual([])
    expect(said('gitops is asked to compare')).toHaveLength(1)
  })

  it('announces a gate once', () => {
    const log = lineLog()
    log(viewOf())
    expect(log(viewOf({ gates: [gate('g1')] })).join('\n')).toContain('gate g1: Ready?')
    expect(log(viewOf({ gates: [gate('g1')] }))).toEqual([])
  })

  it('keeps to the order of time: a last reading does not stand behind the end', () => {
    const log = lineLog()
    log(viewOf({ steps: state().steps.map((step) => ({ ...step, readings: {} })) }))
    const lines = log(viewOf({ phase: 'ended', outcome: 'restored', endedAt: NOW, log: [line(1)] }))
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.map((text) => text.slice(0, 24))).toEqual(lines.map((text) => text.slice(0, 24)).toSorted())
    expect(lines.at(-1)).toContain('orders: restored')
  })

  it('tells nothing twice when no worker answers for a while and one is back', () => {
    const log = lineLog()
    log(viewOf({ log: [line(1), line(2)] }))
    const stale = { why: 'no worker answered within 2 s', lastEventAt: null }
    const alone = { ...viewOf({ log: [line(1), line(2), line(3)] }), stale }
    expect(log(alone).map((text) => text.slice(25))).toEqual([
      'no worker answered within 2 s: what follows is from the server alone',
      'line 3',
    ])
    expect(log(alone)).toEqual([])
    const back = viewOf({ log: [line(1), line(2), { at: START + 3, text: 'line 3, in its own words' }] })
    expect(log(back).map((text) => text.slice(25))).toEqual([
      'a worker answers again',
      'line 3, in its own words',
    ])
  })
})
