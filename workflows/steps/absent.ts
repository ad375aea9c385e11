// Records that are not there: a wrong name, unless the runbook says that they are to be created. Pure.
import type { ValueOf } from '../plan.ts'
import type { RRset } from '../ports/dns.ts'

/** Says why when a record that a step needs is not there. `hint`: what to do besides checking the name. */
export function absence(target: string, { values }: RRset, hint: string): string | null {
  return values.length > 0 ? null : `Missing: there is no ${target}: check the name${hint}`
}

/** For the plan: the records of a step that were looked at and are not there. */
export function absent(
  targets: readonly { connection: string; target: string }[],
  { hint }: { hint: string },
  seen: ValueOf,
): { connection: string; target: string; problem: string }[] {
  return targets.flatMap((of) => {
    const rrset = seen(of.connection, of.target) as RRset | undefined
    const problem = rrset === undefined ? null : absence(of.target, rrset, hint)
    return problem === null ? [] : [{ ...of, problem }]
  })
}
