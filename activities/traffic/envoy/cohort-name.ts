// How routes that lead a cohort are called, and where they lead: by their name they are told from the others. Pure.
type Choice = { new: string; cohort?: { to?: string } }

export function cohortTo({ cohort, new: fresh }: Choice): string {
  return cohort?.to ?? fresh
}

export function cohortName(choice: Choice): string {
  return `cutover-cohort-${cohortTo(choice)}`
}
