// Rules of a route that are moved together, each with weights for both sides and perhaps a mirror: how their values read as one, and
// which weights a split asks of each. Pure; knows no kind of route.
import type { Mirror, Split } from '../../workflows/ports/traffic.ts'
import { type Sides, sharesOf, wholeWeights } from './parts.ts'

/** One rule that is moved. */
export interface RuleHere {
  /** `rule 0`, `rule api`. */
  label: string
  at: number
  /** Places of the sides among its destinations. */
  refs: Sides<number>
  weights: Sides<number>
  /** In percent. */
  mirrored: number
}

type Other<V> = { label: string; value: V }

/** The value of the first rule, and of each other one that holds something else. `names`: what the sides are called. */
export function splitOf(rules: RuleHere[], names: Sides<string>): { value: Split; others: Other<Split>[] } {
  const values = rules.map(({ label, weights }) => ({ label, ...sharesOf(weights) }))
  const [first] = values as [(typeof values)[number]]
  const members = values.every(({ isWritten }) => isWritten) ? null : membersOf(rules, names)
  const others = values
    .slice(1)
    .filter(({ split }) => split.old !== first.split.old || split.new !== first.split.new)
    .map(({ label, split }) => ({ label, value: split }))
  return { value: members === null ? first.split : { ...first.split, members }, others }
}

export function mirrorOf(rules: RuleHere[]): { value: Mirror; others: Other<Mirror>[] } {
  const [first] = rules as [RuleHere]
  const others = rules
    .slice(1)
    .filter(({ mirrored }) => mirrored !== first.mirrored)
    .map(({ label, mirrored }) => ({ label, value: { percent: mirrored } }))
  return { value: { percent: first.mirrored }, others }
}

/** Weights found before have their own numbers under `members`, by rule where there are several. A text says why there are none. */
export function weightsFor(
  rule: RuleHere,
  desired: Split,
  { names, isOnly, max }: { names: Sides<string>; isOnly: boolean; max: number },
): Sides<number> | string {
  const own = (side: 'old' | 'new'): number | undefined =>
    desired.members?.[memberName(rule, names[side], isOnly)]
  const weights = wholeWeights({ old: own('old') ?? desired.old, new: own('new') ?? desired.new })
  if (typeof weights === 'string') return weights
  return Math.max(weights.old, weights.new) > max ? `weights are at most ${max}` : weights
}

function membersOf(rules: RuleHere[], names: Sides<string>): Record<string, number> {
  const isOnly = rules.length === 1
  return Object.fromEntries(
    rules.flatMap((rule) =>
      (['old', 'new'] as const).map((side) => [memberName(rule, names[side], isOnly), rule.weights[side]]),
    ),
  )
}

function memberName({ label }: RuleHere, name: string, isOnly: boolean): string {
  return isOnly ? name : `${label} ${name}`
}
