// What a person should know of a target, at the step that changes it: what its backend says, and who else declares it. Pure.
import type { TargetLook } from '../../workflows/survey.ts'
import type { Claim } from '../terraform/declared.ts'
import type { Covered } from './reconciled.ts'

/** What a state of Terraform says better: that some Terraform has written it is then nothing new. */
const BY_TERRAFORM = /^Terraform declares it \(field manager /

type Of = { connection: string; target: string }

type Known = {
  own: readonly TargetLook[]
  claims: readonly Claim[]
  /** Cautions in whose place the plan says something else. */
  coveredBy(look: TargetLook): Covered[]
}

export function targetNotes(of: Of, { own, claims, coveredBy }: Known): string[] {
  const claimed = claims.filter((each) => isOf(each, of)).map(({ note }) => note)
  const found = own
    .filter((each) => isOf(each, of))
    .flatMap((look) => {
      const covered = coveredBy(look).map(({ caution }) => caution)
      const cautions = (look.observed?.cautions ?? []).filter((caution) => !covered.includes(caution))
      return claimed.length === 0 ? cautions : cautions.filter((caution) => !BY_TERRAFORM.test(caution))
    })
  return [...claimed, ...found].map((words) => `${of.connection} ${of.target}: ${words}`)
}

function isOf(one: Of, other: Of): boolean {
  return one.connection === other.connection && one.target === other.target
}
