// What the command line of the harness asks for. Pure.
import { parseArgs } from 'node:util'
import { CONSTRUCTED } from './constructed.ts'
import { scenarioOf } from './generate.ts'
import type { Scenario } from './scenario.ts'

export const USAGE = `npm run test:chaos -- [--seed N | --seeds A..B | --case NAMES | --cases] [--lanes N] [--minutes N]
  --seeds A..B   these seeds; 1..100 when nothing is said
  --cases        the scenarios made by hand; --case a,b: these of them
  --lanes N      so many at a time, each on a lab of its own
  --minutes N    begin no further run after this long`

const SEEDS_BY_DEFAULT = '1..100'
const MS_OF_A_MINUTE = 60_000

export type ChaosOptions = { scenarios: Scenario[]; lanes: number; milliseconds: number }

/** Throws over what it does not know. */
export function asked(args: string[]): ChaosOptions {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: { seed: text, seeds: text, case: text, cases: { type: 'boolean' }, lanes: text, minutes: text },
  })
  return {
    scenarios: scenariosOf(values),
    lanes: Number(values.lanes ?? 1),
    milliseconds: Number(values.minutes ?? Infinity) * MS_OF_A_MINUTE,
  }
}

function scenariosOf(values: { seed?: string; seeds?: string; case?: string; cases?: boolean }): Scenario[] {
  if (values.cases === true) return CONSTRUCTED
  if (values.case !== undefined) return values.case.split(',').map(caseOf)
  const range = values.seed ?? values.seeds ?? SEEDS_BY_DEFAULT
  const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(range) ?? []
  if (first === undefined || Number(first) > Number(last)) throw new Error(`not seeds: ${range}`)
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) =>
    scenarioOf(Number(first) + index),
  )
}

function caseOf(wanted: string): Scenario {
  const found = CONSTRUCTED.find(({ name }) => name === wanted)
  if (found !== undefined) return found
  throw new Error(`no case ${wanted}; there are ${CONSTRUCTED.map(({ name }) => name).join(', ')}`)
}
