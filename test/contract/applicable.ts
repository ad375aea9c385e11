// Cases of a contract that need something of the bench which not every backend has. A suite says beforehand what its bench
// is without; such cases are not registered, so that nothing is ever reported as skipped and nothing is left out silently.
import { it } from 'vitest'

/** `registers(needs, name, run)`: a case, unless the bench is declared to be without what it needs. */
export function casesWithout<Needed extends string>(without: readonly Needed[]) {
  return (needs: Needed, name: string, run: () => Promise<void>): void => {
    if (!without.includes(needs)) it(name, run)
  }
}

/** What a case needs; the bench must have it or its suite must say that it does not. */
export function given<T>(part: T | undefined, needs: string): T {
  if (part !== undefined) return part
  throw new Error(`this bench has no ${needs}: give it one, or declare the suite to be without`)
}
