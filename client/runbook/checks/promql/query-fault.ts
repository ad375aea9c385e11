// One thing that is wrong with a query, and what its answers are held against.

export type QueryFault = { message: string; fix: string | null; offset: number }

/** What the answers of a query are held against, in its own unit: bad above `max`, bad below `min`. */
export type Limits = {
  max?: number
  min?: number
  compares: boolean
  what: 'guard' | 'samples' | 'idle proof'
}
