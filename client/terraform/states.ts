// The states that a loaded runbook names, with what is wrong with them at its place in the runbook.
import { type Loaded, placed } from '../runbook/load.ts'
import type { Problem } from '../runbook/problem.ts'
import { type State, readStates } from './state.ts'

export async function statesOf(loaded: Loaded): Promise<{ states: State[]; problems: Problem[] }> {
  if (loaded.plan === undefined) return { states: [], problems: [] }
  const { states, findings } = await readStates(loaded.plan, loaded.file)
  return { states, problems: placed(findings, loaded) }
}
