// What stands in the way of a run: all of it, not the first. Pure.
import { distinct, isSamePerson } from '../../workflows/people.ts'
import type { Json } from '../../workflows/json.ts'
import type { Plan } from '../../workflows/plan.ts'
import { placeWords } from '../../workflows/ports/as-wanted.ts'
import type { PortName } from '../../workflows/ports/index.ts'
import { kindOf, outline } from '../../workflows/steps/kind-of.ts'
import type { TargetLook } from '../../workflows/survey.ts'
import type { TrialResult } from '../../workflows/trial.ts'
import type { Surveyed } from './surveyed.ts'
import { targetText } from './target-text.ts'

/** `connection`, `target` null: none is concerned; it is something else that the run will need. */
export type PlanProblem = {
  what: 'target' | 'people' | TrialResult['what']
  name: string
  connection: string | null
  target: string | null
  problem: string
}

export function problemsOf(plan: Plan, { looks, trials }: Surveyed): PlanProblem[] {
  return [
    ...looks.flatMap((look): PlanProblem[] => {
      const { connection, target } = look
      const problem = look.problem ?? divided(look, plan.connections[connection]?.port)
      if (problem === null) return []
      return [{ what: 'target', name: `${connection} ${target}`, connection, target, problem }]
    }),
    ...unfit(plan, looks),
    ...trials.flatMap(({ what, name, connection, target, problem }): PlanProblem[] =>
      problem === null ? [] : [{ what, name, connection, target, problem }],
    ),
  ]
}

/** Questions that cannot be answered once this person has started the run: who started it is refused there. */
export function quorumProblems(plan: Plan, starter: string): PlanProblem[] {
  return plan.steps.flatMap((step): PlanProblem[] => {
    const { index, title } = step
    const { people = 'anyone', quorum = 0, selfApproval = false } = kindOf(step).asks?.(step.spec) ?? {}
    if (people === 'anyone' || selfApproval) return []
    const others = people.filter((name) => !isSamePerson(name, starter))
    if (distinct(others) >= quorum) return []
    const left = others.length === 0 ? 'nobody' : `only ${others.join(', ')}`
    return [
      {
        what: 'people',
        name: `step ${index} (${title})`,
        connection: null,
        target: null,
        problem: `${starter} starts the run and cannot approve it, which leaves ${left} of the ${quorum} it needs: let somebody else start it`,
      },
    ]
  })
}

/** One line for what has the same cause: a server that is down takes all its guards with it. */
export function problemTexts(problems: readonly PlanProblem[]): string[] {
  const pairs = problems.map(({ name, problem }) => [name, problem] as const)
  return [...namesBy(pairs)].map(([problem, names]) => `${names.join(', ')}: ${problem}`)
}

/** The names of which the same is said, each once, in order. */
export function namesBy(pairs: readonly (readonly [name: string, said: string])[]): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const [name, said] of pairs) {
    const known = names.get(said) ?? []
    names.set(said, known.includes(name) ? known : [...known, name])
  }
  return names
}

/** Targets that are there, and are not what a step needs; each once, at the first step that needs it. */
function unfit(plan: Plan, looks: Surveyed['looks']): PlanProblem[] {
  const values = new Map<string, Json>()
  for (const look of looks) if (look.observed !== null) values.set(nameOf(look), look.observed.value)
  const problems = new Map<string, PlanProblem>()
  for (const step of plan.steps) {
    const planned = outline(step, (connection, target) => values.get(nameOf({ connection, target })))
    for (const { desired, ...of } of planned.changes) if (desired !== null) values.set(nameOf(of), desired)
    for (const each of planned.problems ?? []) {
      const name = nameOf(each)
      if (!problems.has(name)) problems.set(name, { what: 'target', name, ...each })
    }
  }
  return [...problems.values()]
}

function nameOf({ connection, target }: { connection: string; target: string }): string {
  return `${connection} ${target}`
}

/** Going back leads to what was there, everywhere: where the places differ, the run would stop and ask at its first look. */
function divided({ observed }: TargetLook, port: PortName | undefined): string | null {
  const { value = null, elsewhere = [] } = observed ?? {}
  if (elsewhere.length === 0) return null
  const others = elsewhere.map((other) => placeWords(other, targetText(other.value, port)))
  return `Conflict: it is not the same everywhere: ${targetText(value, port)} is in force, ${others.join(', ')}; make them agree first`
}
