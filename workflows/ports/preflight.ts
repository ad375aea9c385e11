// Preflight: looks at a place to which users are to be led, and says what is not fit for them. It changes nothing.
import { definePort } from './port.ts'
import type { Io } from './target.ts'

/** What the run is going to ask of the place. */
export type Demand = {
  /** So many instances at most; null: as many as are wanted of it now. */
  instances: number | null
  /** Or so many times the present number; null: as `instances` says. */
  factor: number | null
  /** How long an instance that is taken away may need to end what it has begun. */
  drainMs: number
}

/** `refuse`: users would notice, so the run does not go on. `caution`: a person should know it. */
export type Finding = {
  /** The name of the check, one of those that the provider lists. */
  check: string
  level: 'refuse' | 'caution'
  seen: string
  /** Why it matters to users. */
  why: string
  /** What to do about it. */
  todo: string
}

/** `fine`: what was looked at without a finding, `check: what was seen`, so that nothing counts as good that nobody looked at. */
export type Examination = { findings: Finding[]; fine: string[] }

export interface PreflightPort {
  /** Raises Denied, Missing, Unsupported, Unavailable, Throttled, Config. */
  examine(demand: Demand, io: Io): Promise<Examination>
}

export interface PreflightSupports {
  port: 'preflight'
  /** Every check by its name: a finding has one of them, and only they can be accepted. */
  checks: readonly string[]
  cautions: string[]
}

/** For people, one line. */
export function findingWords({ check, seen, why, todo }: Finding): string {
  return `${check}: ${seen}; ${why}; ${todo}`
}

/** Whether a person has said beforehand that this one may be so. */
export function isAccepted({ check }: Finding, accepted: { [check: string]: string }): boolean {
  return Object.hasOwn(accepted, check)
}

/** What keeps the run from going on. */
export function refusalsIn({ findings }: Examination, accepted: { [check: string]: string }): Finding[] {
  return findings.filter((finding) => finding.level === 'refuse' && !isAccepted(finding, accepted))
}

export const preflight = definePort({ changing: null })
