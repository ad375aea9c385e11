// A step that moves users has a guard that acts on it, at every moment, or says why not; the plan shows the reason.
import { describe, expect, test } from 'vitest'
import { allSpecs } from '../../../client/runbook/load.ts'
import { previewLines } from '../../../client/runbook/preview-text.ts'
import { preview } from '../../../client/runbook/preview.ts'
import { paint } from '../../../client/output/paint.ts'
import { RIGHT, cautionsOf, planOf, problemsOf, wrong } from './fixture.ts'

const GUARD = '    query: sum(rate(errors{side="$side"}[1m]))\n    max: 0.5%\n'
const COMPARING =
  '    query: sum(rate(errors{side="$side"}[1m]))\n    compare: { to: old, increase_max: 10% }\n'
const WHY = 'unwatched: the load test did'

async function said(text: string): Promise<string[]> {
  return (await problemsOf(text)).map(({ path, message }) => `${path}: ${message}`)
}

describe('a step that moves users without a guard that acts is refused', () => {
  test('when every guard is a dry run', async () => {
    const problems = await said(wrong(GUARD, `${GUARD}    dry_run: true\n`))
    expect(problems.map((each) => each.split(':')[0])).toEqual([
      'steps[2].shadow',
      'steps[3].canary',
      'steps[4].switch',
      'steps[5].repoint',
    ])
    expect(problems[1]).toBe(
      'steps[3].canary: no guard acts on this canary (errors is a dry run): nothing would send its users back',
    )
  })

  test.each(['shadow: { connection: mesh', 'canary: { connection: edge', 'switch: { connection: edge'])(
    'when it names none: %s, guards: []',
    async (step) => {
      const [problem, ...more] = await problemsOf(wrong(step, `${step}, guards: []`))
      expect(more).toEqual([])
      expect(problem?.message).toMatch(/no guard acts on this \w+ \(guards: \[\]\)/)
      expect(problem?.fix).toMatch(/unwatched: "/)
      expect(await said(wrong(step, `${step}, guards: [], ${WHY}`))).toEqual([])
    },
  )

  test('when its guard sleeps at one of its moments: nothing is left to compare with', async () => {
    expect(await said(wrong(GUARD, COMPARING))).toEqual([
      'steps[4].switch: no guard acts on this switch (errors sleeps, it compares and one side is not served): nothing would send its users back',
      expect.stringMatching(/^steps\[5\]\.repoint: /),
    ])
  })

  test('but not a step that moves nobody', async () => {
    expect(await said(wrong('ttl: { connection: zone', 'ttl: { guards: [], connection: zone'))).toEqual([])
    expect(await said(wrong('hold: { for: 24h }', 'hold: { for: 24h, guards: [] }'))).toEqual([])
    expect(await said(wrong('ttl: { connection: zone', `ttl: { ${WHY}, connection: zone`))).toEqual([
      expect.stringContaining('unknown key'),
    ])
  })
})

describe('the reason', () => {
  const unguarded = RIGHT.replace(/guards:\n(?: .*\n)+/, '')
    .replace(/ {2}- (?:prewarm|ttl|decommission).*\n/g, '')
    .replaceAll(/- (shadow|canary|switch|repoint): \{/g, `- $1: { ${WHY},`)

  test('stands for guards where every step that moves users gives one', async () => {
    expect(await said(unguarded)).toEqual([])
    expect(await said(unguarded.replace(`- switch: { ${WHY},`, '- switch: {'))).toEqual([
      expect.stringMatching(/no guards: switch changes the world/),
    ])
    expect(await said(unguarded.replace(WHY, 'unwatched: " "'))).not.toEqual([])
  })

  test('is shown in the plan', async () => {
    const plan = await planOf(
      wrong('switch: { connection: edge', `switch: { connection: edge, guards: [], ${WHY}`),
    )
    const shown = preview(plan, { looks: [], trials: [] }, allSpecs())
    expect(shown.steps[4]).toMatchObject({ watched: [], unwatched: 'the load test did' })
    const lines = previewLines(shown, { width: 80, paint: paint(false), offline: true })
    expect(lines.filter((line) => line.includes('unwatched'))).toEqual(['      unwatched the load test did'])
  })

  test('is worth a word where a guard does act', async () => {
    const cautions = await cautionsOf(
      wrong('switch: { connection: edge', `switch: { connection: edge, ${WHY}`),
    )
    expect(cautions).toMatchObject([
      { path: 'steps[4].switch.unwatched', message: 'errors does act on this switch' },
    ])
  })
})
