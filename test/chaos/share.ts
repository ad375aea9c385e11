// The share of the new side, as it is told and as it is seen: compared as one number.

export function shareOf(split: unknown): number {
  const [old, fresh] = split as [number, number]
  return Math.round((1_000 * fresh) / (old + fresh))
}
