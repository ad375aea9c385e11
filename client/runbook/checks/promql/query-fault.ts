// One thing that is wrong with a query, and what its answers are held against.

export type QueryFault = { message: string; fix: string | null; offset: number }

/**
 * What the answers of a query are held against, in its own unit: bad above `max`, bad below `min`; where it compares, bad when
 * above the other side by more than `difference`, or by more than `increase` times its number.
 */
export type Limits = {
  max?: number
  min?: number
  difference?: number
  increase?: number
  compares: boolean
  what: 'guard' | 'samples' | 'idle proof' | 'load' | 'in flight'
}
