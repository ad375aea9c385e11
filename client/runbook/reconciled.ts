// Who puts back, by itself, what the run sets, and whether a step suspends them before it. Pure.
import type { Plan } from '../../workflows/plan.ts'
import type { Declaration } from '../../workflows/ports/target.ts'
import { kindOf, outline } from '../../workflows/steps/kind-of.ts'
import type { TargetLook } from '../../workflows/survey.ts'

/** A caution of a target, word for word, and what stands in its place in the plan. */
export type Covered = { caution: string; instead: string }

/** Of those who are suspended before the step changes the target. */
export function coveredAt(
  plan: Plan,
  index: number,
  looks: readonly TargetLook[],
): (look: TargetLook) => Covered[] {
  const suspended = plan.steps
    .filter((step) => step.index < index && kindOf(step).suspends !== undefined)
    .flatMap((step) =>
      outline(step, () => undefined).changes.map(({ connection, target }) => ({
        step,
        connection,
        names: namesOf(looks.find((look) => look.connection === connection && look.target === target)),
      })),
    )
  return ({ observed }) =>
    (observed?.reconcilers ?? []).flatMap(({ name, object, caution }) => {
      const by = suspended.find(({ names }) => names.includes(name))
      if (by === undefined) return []
      return [
        {
          caution,
          instead: `${name} declares ${object}; step ${by.step.index} suspends it (${by.connection})`,
        },
      ]
    })
}

/** What must be declared in the end, as far as it is known beforehand; empty where nothing is handed back. */
export function declaredAt({ steps }: Plan, index: number, looks: readonly TargetLook[]): Declaration[] {
  const step = steps.find((each) => each.index === index)
  if (step === undefined || kindOf(step).handsBack === undefined) return []
  return looks.flatMap(({ observed }) => observed?.declares ?? [])
}

function namesOf(look: TargetLook | undefined): string[] {
  const names = look?.observed?.facts?.['names']
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}
