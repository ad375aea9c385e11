// What the harness prints: a line for each run, the whole story of a wrong one, a summary. Pure.
import type { Played } from './play.ts'
import { type Scenario, describeAct, describeShape } from './scenario.ts'
import type { Sample } from './sight.ts'

export type Result = Omit<Played, 'story'> & { scenario: Scenario; story: Played['story'] | null }

export function lineOf({ scenario, story, problems, unmet, seconds }: Result): string {
  const acts = scenario.acts.map((act) => {
    const text = describeAct(act)
    return unmet.includes(text) ? `(${text})` : text
  })
  const end = story === null ? 'not played' : (story.view.outcome ?? story.view.phase)
  const verdict = problems.length === 0 ? 'ok' : `WRONG: ${problems.join(' | ')}`
  return `${scenario.name.padEnd(9)} ${describeShape(scenario.shape)} || ${acts.join('; ')} || ${end} after ${seconds.toFixed(1)} s || ${verdict}`
}

/** Nothing for a right end. */
export function storyLines({ scenario, story, problems }: Result): string[] {
  if (problems.length === 0 || story === null) return []
  const { view, deeds, answered, start, end, samples, calls } = story
  const told = [
    ...view.log.map(({ at, text }) => ({ at: Date.parse(at), text })),
    ...deeds.lines.map(({ at, text }) => ({ at, text: `  FAULT ${text}` })),
    ...deeds.aborts.map(({ at, via }) => ({ at, text: `  ABORT said by ${via}` })),
    ...deeds.foreign.map(({ at, target, value }) => ({
      at,
      text: `  STRANGER ${target} ${JSON.stringify(value)}`,
    })),
    ...answered.map(({ at, gate, verdict }) => ({ at, text: `  PERSON ${verdict} at ${gate}` })),
    ...changesIn(samples),
    ...calls.map(({ at, endedAt, call, target }) => ({
      at,
      text: `  CALL ${call} ${target ?? ''} ${endedAt === null ? 'did not end' : `${endedAt - at} ms`}`,
    })),
  ].toSorted((one, other) => one.at - other.at)
  return [
    `--- ${scenario.name}`,
    ...problems.map((problem) => `  ! ${problem}`),
    `  start ${JSON.stringify(start)}`,
    `  end   ${JSON.stringify(end)}`,
    `  people ${JSON.stringify(scenario.people)}; shown weights ${JSON.stringify(view.weights)}; remainder ${JSON.stringify(view.remainder)}`,
    ...told.map(({ at, text }) => `  ${new Date(at).toISOString().slice(14, 23)} ${text}`),
    `  ended ${new Date(story.closedAt).toISOString().slice(14, 23)}`,
    '---',
  ]
}

/** Samples that differ from the one before. */
function changesIn(samples: Sample[]): { at: number; text: string }[] {
  let last = ''
  return samples.flatMap(({ at, ...parts }) => {
    const text = JSON.stringify(parts)
    const isNew = text !== last
    last = text
    return isNew ? [{ at, text: `  WORLD ${text}` }] : []
  })
}

export function summaryLines(results: Result[], milliseconds: number): string[] {
  const wrong = results.filter(({ problems }) => problems.length > 0)
  const met = results.reduce((sum, { scenario, unmet }) => sum + scenario.acts.length - unmet.length, 0)
  const ends = Object.groupBy(results, ({ story }) => story?.view.outcome ?? 'none')
  const counted = Object.entries(ends).map(([end, of]) => `${of?.length ?? 0} ${end}`)
  return [
    '',
    `${results.length} runs in ${Math.round(milliseconds / 1_000)} s: ${counted.join(', ')}; ${met} faults met`,
    `${wrong.length} wrong ends${wrong.length === 0 ? '' : `: ${wrong.map(({ scenario }) => scenario.name).join(', ')}`}`,
  ]
}
