// A decision in words, the same in log, report and answer: `extend by 30m`, `approve s02-approve`, `retune errors max 1%`. Pure.
import type { Verb } from './state.ts'

type Words = { verdict: Verb; gate: string | null; value?: string | undefined }

export function decisionWords({ verdict, gate, value }: Words): string {
  const withWhat = value === undefined ? [] : [verdict === 'extend' ? `by ${value}` : value]
  return [verdict, ...(gate === null ? [] : [gate]), ...withWhat].join(' ')
}
